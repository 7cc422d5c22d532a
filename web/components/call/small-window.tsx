// The call in a small window above all others: whoever speaks or shares, and the switches that one needs at once.
"use client";

import { isTrackReference, useSpeakingParticipants, useTracks, VideoTrack } from "@livekit/components-react";
import { Track } from "livekit-client";
import { useState } from "react";
import { createPortal } from "react-dom";
import type { CallDeeds } from "@/components/call/frame";
import { OwnSwitches, type OwnState } from "@/components/call/own-switches";
import { LeaveIcon } from "@/components/icons";
import { nextSpeaker } from "@/lib/call/order";
import type { CallState } from "@/lib/call/use-call";
import { text } from "@/lib/messages";
import { nameOf } from "@/lib/standing";

interface SmallWindowProps {
  opened: Window;
  call: CallState;
  deeds: CallDeeds;
  state: OwnState;
}

export function SmallWindow({ opened, call, deeds, state }: SmallWindowProps) {
  return createPortal(
    <div className="small-call">
      <Shown />
      {call.standing !== "in" && (
        <p className="note" role="status">
          {text("call.reconnecting")}
        </p>
      )}
      <div className="bar-controls" role="group" aria-label={text("call.controls")}>
        <OwnSwitches deeds={deeds} state={state} />
        <button
          className="call-button leave"
          type="button"
          aria-label={text("call.leave")}
          onClick={deeds.leave}
        >
          <LeaveIcon />
        </button>
      </div>
    </div>,
    opened.document.body,
  );
}

/** The shared screen, or whoever speaks. */
function Shown() {
  const tracks = useTracks([
    { source: Track.Source.Camera, withPlaceholder: true },
    { source: Track.Source.ScreenShare, withPlaceholder: false },
  ]).filter(({ participant }) => !participant.isLocal);
  const speaking = useSpeakingParticipants();
  const [speaker, setSpeaker] = useState<string>();
  const next = nextSpeaker(
    speaker,
    speaking.map(({ identity }) => identity),
    tracks.map(({ participant }) => participant.identity),
  );
  if (next !== speaker) setSpeaker(next);

  // The latest screen is what people talk about, here as on the stage.
  const shown =
    tracks.filter(({ source }) => source === Track.Source.ScreenShare).at(-1) ??
    tracks.find(({ participant }) => participant.identity === next);
  if (!shown) return <p>{text("call.nobodyElse")}</p>;
  const showsPicture = isTrackReference(shown) && !shown.publication.isMuted;
  return (
    <>
      {showsPicture && <VideoTrack trackRef={shown} data-lk-source={shown.source} />}
      <p className="tile-name">{nameOf(shown.participant)}</p>
    </>
  );
}
