// The call: a LiveKit room around a stage and a bar of controls.
"use client";

import {
  LiveKitRoom,
  RoomAudioRenderer,
  useConnectionState,
  useRemoteParticipants,
} from "@livekit/components-react";
import type { Token } from "@meetbox/client";
import {
  ConnectionError,
  ConnectionState,
  DisconnectReason,
  setLogLevel,
  type MediaDeviceFailure,
  type RoomOptions,
} from "livekit-client";
import { useCallback, useMemo, useRef, useState } from "react";
import { CallControls } from "@/components/call-controls";
import { CallStage } from "@/components/call-stage";
import { CopyLink } from "@/components/copy-link";
import type { LeaveReason } from "@/components/left";
import type { Choices } from "@/lib/choices";
import { deviceFailure } from "@/lib/devices";
import { text } from "@/lib/messages";

setLogLevel("warn");

// Send and fetch only what somebody looks at.
const roomOptions: RoomOptions = { adaptiveStream: true, dynacast: true };

const wanted = (on: boolean, id: string | undefined) => on && (id ? { deviceId: { ideal: id } } : true);

function reasonOf(reason: DisconnectReason | undefined): LeaveReason {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return "asked";
    case DisconnectReason.DUPLICATE_IDENTITY:
      return "elsewhere";
    case DisconnectReason.PARTICIPANT_REMOVED:
      return "removed";
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return "ended";
    default:
      return "lost";
  }
}

interface CallProps {
  roomName: string;
  token: Token;
  choices: Choices;
  onLeft: (reason: LeaveReason) => void;
}

export function Call({ roomName, token, choices, onLeft }: CallProps) {
  const [problem, setProblem] = useState<string>();
  const connected = useRef(false);

  // LiveKitRoom connects anew whenever one of its callbacks changes, so they must stay the same.
  const leave = useRef(onLeft);
  const onConnected = useCallback(() => {
    connected.current = true;
  }, []);
  const onDisconnected = useCallback(
    (reason?: DisconnectReason) => leave.current(connected.current ? reasonOf(reason) : "unreachable"),
    [],
  );
  const onError = useCallback((error: Error) => {
    if (error instanceof ConnectionError) leave.current("unreachable");
  }, []);
  const onDeviceFailure = useCallback((failure?: MediaDeviceFailure, kind?: MediaDeviceKind) => {
    if (kind === "audioinput") setProblem(deviceFailure("microphone", failure));
    if (kind === "videoinput") setProblem(deviceFailure("camera", failure));
  }, []);

  const audio = useMemo(() => wanted(choices.microphone, choices.microphoneId), [choices]);
  const video = useMemo(() => wanted(choices.camera, choices.cameraId), [choices]);

  return (
    <LiveKitRoom
      data-lk-theme="meetbox"
      serverUrl={token.url}
      token={token.token}
      audio={audio}
      video={video}
      options={roomOptions}
      onConnected={onConnected}
      onDisconnected={onDisconnected}
      onError={onError}
      onMediaDeviceFailure={onDeviceFailure}
    >
      <main className="call-frame">
        <h1 className="visually-hidden">{text("call.heading", { name: roomName })}</h1>
        <CallStage />
        <div className="call-notes">
          <ConnectionNote />
          {problem && (
            <p className="note row" role="alert">
              {problem}
              <button className="button quiet" type="button" onClick={() => setProblem(undefined)}>
                {text("call.dismiss")}
              </button>
            </p>
          )}
        </div>
        <CallControls />
      </main>
      <RoomAudioRenderer />
    </LiveKitRoom>
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
