// The switches of one's own microphone and camera, wherever the call has them.
"use client";

import { Track } from "livekit-client";
import type { ReactNode } from "react";
import type { CallDeeds } from "@/components/call/frame";
import { CameraIcon, MicrophoneIcon } from "@/components/icons";
import { keyOf, type Deed } from "@/lib/call/keys";
import { text, type MessageKey } from "@/lib/messages";

/** Who hears and sees oneself; on the way into the call, who is going to. */
export interface OwnState {
  heard: boolean;
  seen: boolean;
}

export function OwnSwitches({ deeds, state: { heard, seen } }: { deeds: CallDeeds; state: OwnState }) {
  return (
    <>
      {deeds.microphone && (
        <Switch
          source={Track.Source.Microphone}
          deed="microphone"
          label="call.microphone"
          on={heard}
          onPress={deeds.microphone}
        >
          <MicrophoneIcon off={!heard} />
        </Switch>
      )}
      {deeds.camera && (
        <Switch
          source={Track.Source.Camera}
          deed="camera"
          label="call.camera"
          on={seen}
          onPress={deeds.camera}
        >
          <CameraIcon off={!seen} />
        </Switch>
      )}
    </>
  );
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

export function Switch({ source, deed, label, on, busy, onPress, children }: SwitchProps) {
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
