// The bar under the call: microphone, camera, screen, everything else in a menu, and the way out.
"use client";

import { useLocalParticipant } from "@livekit/components-react";
import { Track } from "livekit-client";
import type { ReactNode } from "react";
import type { CallDeeds } from "@/components/call/frame";
import { LeaveButton } from "@/components/call/leave-button";
import { MoreMenu } from "@/components/call/more-menu";
import { CameraIcon, MicrophoneIcon, ShareIcon } from "@/components/icons";
import type { View } from "@/lib/call/kept";
import { keyOf, type Deed } from "@/lib/call/keys";
import type { CallState } from "@/lib/call/use-call";
import { useNarrow } from "@/lib/call/use-narrow";
import type { Chair } from "@/lib/hosting";
import { text, type MessageKey } from "@/lib/messages";

interface CallBarProps {
  roomName: string;
  call: CallState;
  deeds: CallDeeds;
  view: View;
  chair: Chair | undefined;
  /** What is said without a microphone. */
  children: ReactNode;
  /** What opens the panel beside the pictures. */
  end: ReactNode;
}

export function CallBar({ roomName, call, deeds, view, chair, children, end }: CallBarProps) {
  const { isMicrophoneEnabled, isCameraEnabled, isScreenShareEnabled } = useLocalParticipant();
  const narrow = useNarrow();
  const isIn = call.standing === "in";
  const { wishes } = call.own;
  const hearsMe = isIn ? isMicrophoneEnabled : wishes.microphone;
  const seesMe = isIn ? isCameraEnabled : wishes.camera;

  return (
    <div className="call-bar">
      <p className="bar-name">{roomName}</p>
      <div className="bar-controls" role="group" aria-label={text("call.controls")}>
        {deeds.microphone && (
          <Switch
            source={Track.Source.Microphone}
            deed="microphone"
            label="call.microphone"
            on={hearsMe}
            onPress={deeds.microphone}
          >
            <MicrophoneIcon off={!hearsMe} />
          </Switch>
        )}
        {deeds.camera && (
          <Switch
            source={Track.Source.Camera}
            deed="camera"
            label="call.camera"
            on={seesMe}
            onPress={deeds.camera}
          >
            <CameraIcon off={!seesMe} />
          </Switch>
        )}
        {deeds.share && !narrow && (
          <Switch
            source={Track.Source.ScreenShare}
            deed="share"
            label="call.share"
            on={isScreenShareEnabled}
            busy={!isIn}
            onPress={deeds.share}
          >
            <ShareIcon />
          </Switch>
        )}
        {children}
        <MoreMenu deeds={deeds} view={view} narrow={narrow} shares={isScreenShareEnabled} />
        <LeaveButton chair={chair} onLeave={deeds.leave} />
      </div>
      <div className="bar-end">{end}</div>
      {/* Whoever presses a key hears what it did; at first there is nothing to say. */}
      <p className="visually-hidden" role="status">
        {isIn && <Said microphone={isMicrophoneEnabled} camera={isCameraEnabled} />}
      </p>
    </div>
  );
}

function Said({ microphone, camera }: { microphone: boolean; camera: boolean }) {
  return `${text(microphone ? "call.microphoneOn" : "call.microphoneOff")} ${text(camera ? "call.cameraOn" : "call.cameraOff")}`;
}

interface SwitchProps {
  source: Track.Source;
  deed: Deed;
  label: MessageKey;
  on: boolean;
  /** Whether it does nothing just now; it keeps the focus all the same. */
  busy?: boolean;
  onPress: () => void;
  children: ReactNode;
}

function Switch({ source, deed, label, on, busy, onPress, children }: SwitchProps) {
  return (
    <button
      className="call-button"
      type="button"
      data-lk-source={source}
      data-hint={text("call.hint", { what: text(label), key: keyOf(deed) })}
      aria-label={text(label)}
      aria-pressed={on}
      aria-disabled={busy || undefined}
      aria-keyshortcuts={keyOf(deed)}
      onClick={onPress}
    >
      {children}
    </button>
  );
}
