// What a call shows: the stage, notes above it, the bar below, and for hosts the panel with which they run the meeting.
"use client";

import {
  useConnectionState,
  useLocalParticipant,
  useParticipantAttributes,
  useRemoteParticipants,
  useRoomInfo,
} from "@livekit/components-react";
import type { Token } from "@meetbox/client";
import { ConnectionState } from "livekit-client";
import { useEffect, useMemo, useState } from "react";
import { CallControls } from "@/components/call/bar";
import { CallStage } from "@/components/call/stage";
import { CopyLink } from "@/components/copy-link";
import { HostPanel } from "@/components/call/side/host-panel";
import { HOST_PANEL, LobbyNote } from "@/components/call/side/lobby";
import type { Chair } from "@/lib/hosting";
import { time as timeOf } from "@/lib/format";
import { text } from "@/lib/messages";
import { recordedSince, roleOf } from "@/lib/standing";
import { useLobby } from "@/lib/use-lobby";

interface CallFrameProps {
  roomName: string;
  token: Token;
  /** What is wrong with a device. */
  problem: string | undefined;
  onDismiss: () => void;
}

export function CallFrame({ roomName, token, problem, onDismiss }: CallFrameProps) {
  const chair = useChair(token);
  const lobby = useLobby(chair);
  const listIsOpen = usePanelIsOpen();

  return (
    <main className="call-frame">
      <h1 className="visually-hidden">{text("call.heading", { name: roomName })}</h1>
      <CallStage />
      <div className="call-notes">
        <ConnectionNote />
        <RecordingNote />
        <LobbyNote
          lobby={lobby}
          listIsOpen={listIsOpen}
          onShow={() => document.getElementById(HOST_PANEL)?.showPopover()}
        />
        {problem && (
          <p className="note row" role="alert">
            {problem}
            <button className="button quiet" type="button" onClick={onDismiss}>
              {text("call.dismiss")}
            </button>
          </p>
        )}
      </div>
      <CallControls>{chair && <HostPanel chair={chair} lobby={lobby} />}</CallControls>
    </main>
  );
}

/** Whether the panel with the list is on the screen. */
function usePanelIsOpen(): boolean {
  const [open, setOpen] = useState(false);

  useEffect(() => {
    // The event does not bubble, and the panel may be drawn later than this.
    const toggled = (event: Event) => {
      if ((event.target as HTMLElement).id === HOST_PANEL)
        setOpen((event as ToggleEvent).newState === "open");
    };
    document.addEventListener("toggle", toggled, true);
    return () => document.removeEventListener("toggle", toggled, true);
  }, []);

  return open;
}

/** The right to run the meeting, for as long as one is its host: the role may change while the call goes on. */
function useChair({ role, meeting_id, ticket }: Token): Chair | undefined {
  const { localParticipant } = useLocalParticipant();
  const { attributes } = useParticipantAttributes({ participant: localParticipant });
  const isHost = (roleOf(attributes) ?? role) === "host";
  return useMemo(
    () => (isHost ? { meetingId: meeting_id, ticket } : undefined),
    [isHost, meeting_id, ticket],
  );
}

/** That the meeting is recorded, for everybody in it and for whoever listens to the page. */
function RecordingNote() {
  const { metadata } = useRoomInfo();
  const since = recordedSince(metadata);
  if (!since) return null;
  const time = timeOf(since);
  return (
    <p className="note" role="status">
      {text("call.recorded", { time })}
    </p>
  );
}

/** Where the connection stands, when that is worth a word; else whether anybody else is there. */
function ConnectionNote() {
  const state = useConnectionState();
  const others = useRemoteParticipants();

  switch (state) {
    case ConnectionState.Connecting:
    case ConnectionState.Disconnected:
      return (
        <p className="note" role="status">
          {text("call.connecting")}
        </p>
      );
    case ConnectionState.Reconnecting:
    case ConnectionState.SignalReconnecting:
      return (
        <p className="note" role="status">
          {text("call.reconnecting")}
        </p>
      );
    case ConnectionState.Connected:
      if (others.length > 0) return null;
      return (
        <p className="note row" role="status">
          {text("call.alone")} <CopyLink />
        </p>
      );
  }
}
