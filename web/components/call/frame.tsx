// What a call shows: the stage, what is said above it, room for a panel beside it, and the bar below.
"use client";

import {
  useLocalParticipant,
  useLocalParticipantPermissions,
  useParticipantAttributes,
} from "@livekit/components-react";
import type { Token } from "@meetbox/client";
import { Track } from "livekit-client";
import dynamic from "next/dynamic";
import { useMemo, useState } from "react";
import { CallBar } from "@/components/call/bar";
import { Late } from "@/components/late";
import { CallNotes } from "@/components/call/notes";
import { RecordingMark } from "@/components/call/recording-mark";
import { SideButtons } from "@/components/call/side/buttons";
import { GestureButtons } from "@/components/call/side/gestures";
import { LobbyNote } from "@/components/call/side/lobby";
import { SidePanel } from "@/components/call/side/panel";
import { Reactions } from "@/components/call/side/reactions";
import { Talk, useTalk } from "@/components/call/side/talking";
import { Stage } from "@/components/call/stage";
import { Toasts } from "@/components/toasts";
import { copy } from "@/lib/clipboard";
import { switchFullScreen } from "@/lib/call/full-screen";
import { hearsKeys, keepHearsKeys, keepView, lastView, type View } from "@/lib/call/kept";
import { canShareScreen } from "@/lib/call/own-devices";
import { useSmallWindow } from "@/lib/call/small-window";
import type { CallState } from "@/lib/call/use-call";
import { useKeys } from "@/lib/call/use-keys";
import type { Chair } from "@/lib/hosting";
import { text } from "@/lib/messages";
import { mayPublish, roleOf } from "@/lib/standing";
import { toast } from "@/lib/toasts";
import { useLobby } from "@/lib/use-lobby";

// Seldom needed: they come when they are. Without `ssr: false` the whole call would be put away while one of them comes.
const DeviceSheet = dynamic(
  () => import("@/components/call/device-sheet").then((module) => module.DeviceSheet),
  { ssr: false },
);
const KeySheet = dynamic(() => import("@/components/call/key-sheet").then((module) => module.KeySheet), {
  ssr: false,
});
const SmallWindow = dynamic(
  () => import("@/components/call/small-window").then((module) => module.SmallWindow),
  { ssr: false },
);

interface CallFrameProps {
  roomName: string;
  call: CallState;
  onLeave: () => void;
}

/** What the call can be told to do, by a button, a menu or a key. */
export interface CallDeeds {
  /** Absent: this person may not, or this browser cannot. */
  microphone?: () => void;
  camera?: () => void;
  share?: () => void;
  hand: () => void;
  chat: () => void;
  people: () => void;
  view: () => void;
  fullScreen: () => void;
  float: () => void;
  devices: () => void;
  help: () => void;
  copyLink: () => void;
  leave: () => void;
}

export function CallFrame(props: CallFrameProps) {
  return (
    <Talk roomName={props.roomName}>
      <Frame {...props} />
    </Talk>
  );
}

function Frame({ roomName, call, onLeave }: CallFrameProps) {
  const { own, standing } = call;
  const chair = useChair(call.token);
  const lobby = useLobby(chair);
  const { side, toggleHand, toggleSide } = useTalk();
  const may = useMay();
  const { isMicrophoneEnabled, isCameraEnabled, isScreenShareEnabled } = useLocalParticipant();
  const [view, setView] = useState<View>(lastView);
  const [pin, setPin] = useState<string>();
  const [sheet, setSheet] = useState<"devices" | "keys">();
  const [floating, float] = useSmallWindow();
  const [hears, setHears] = useState(hearsKeys);
  const isIn = standing === "in";
  // On the way into the call a wish is all that there is; it can be taken back.
  const heard = isIn ? isMicrophoneEnabled : own.wishes.microphone;
  const seen = isIn ? isCameraEnabled : own.wishes.camera;

  const chooseView = (next: View) => {
    keepView(next);
    setPin(undefined);
    setView(next);
  };
  const deeds: CallDeeds = {
    microphone: may.microphone ? () => own.turn("microphone", !heard) : undefined,
    camera: may.camera ? () => own.turn("camera", !seen) : undefined,
    share: may.share ? () => isIn && own.share(!isScreenShareEnabled) : undefined,
    hand: toggleHand,
    chat: () => toggleSide("chat"),
    people: () => toggleSide("people"),
    view: () => chooseView(view === "grid" ? "speaker" : "grid"),
    fullScreen: switchFullScreen,
    float,
    devices: () => setSheet("devices"),
    help: () => setSheet("keys"),
    copyLink: () => {
      const { origin, pathname } = window.location;
      void copy(origin + pathname).then((done) => done && toast(text("prejoin.copied")));
    },
    leave: onLeave,
  };
  const closeSheet = () => setSheet(undefined);
  const talk = (on: boolean) => own.turn("microphone", on);
  useKeys({ deeds, hears, silent: may.microphone && isIn && !isMicrophoneEnabled, talk });

  return (
    <>
      <main className="call-frame">
        <h1 className="visually-hidden">{text("call.heading", { name: roomName })}</h1>
        <Stage view={view} pin={pin} onPin={setPin} />
        <CallNotes call={call} />
        <LobbyNote lobby={lobby} listIsOpen={side === "people"} onShow={deeds.people} />
        <RecordingMark />
        <Reactions />
        <SidePanel chair={chair} lobby={lobby} roomName={roomName} />
        <CallBar
          roomName={roomName}
          call={call}
          deeds={deeds}
          state={{ heard, seen }}
          view={view}
          chair={chair}
          end={<SideButtons lobby={lobby} />}
        >
          <GestureButtons />
        </CallBar>
      </main>
      {sheet && (
        <Late onMissing={closeSheet}>
          {sheet === "devices" ? (
            <DeviceSheet own={own} onClose={closeSheet} />
          ) : (
            <KeySheet
              hears={hears}
              onHears={(next) => {
                keepHearsKeys(next);
                setHears(next);
              }}
              onClose={closeSheet}
            />
          )}
        </Late>
      )}
      {floating && (
        <Late onMissing={() => floating.close()}>
          <SmallWindow opened={floating} call={call} deeds={deeds} state={{ heard, seen }} />
        </Late>
      )}
      <Toasts />
    </>
  );
}

/** What oneself may send at this moment, and can with this browser. */
function useMay() {
  const permissions = useLocalParticipantPermissions();
  return {
    microphone: mayPublish(permissions, Track.Source.Microphone),
    camera: mayPublish(permissions, Track.Source.Camera),
    share: mayPublish(permissions, Track.Source.ScreenShare) && canShareScreen(),
  };
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
