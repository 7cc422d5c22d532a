// One picture on the stage: somebody's camera or their shared screen, with their name and what is to be known of them.
"use client";

import {
  isTrackReference,
  ParticipantTile,
  useConnectionQualityIndicator,
  useIsMuted,
  useParticipantAttributes,
  useParticipantInfo,
  VideoTrack,
  type TrackReferenceOrPlaceholder,
} from "@livekit/components-react";
import { ConnectionQuality, Track, type Participant } from "livekit-client";
import { PinIcon, WeakIcon } from "@/components/call/icons";
import { HandMark } from "@/components/call/side/hand-mark";
import { MicrophoneIcon } from "@/components/icons";
import { text } from "@/lib/messages";
import { isGuest, nameOf } from "@/lib/standing";

interface TileProps {
  track: TrackReferenceOrPlaceholder;
  pinned: boolean;
  onPin: () => void;
}

export function Tile({ track, pinned, onPin }: TileProps) {
  const { participant, source } = track;
  const { name: told } = useParticipantInfo({ participant });
  const name = nameOf({ name: told, identity: participant.identity });
  const isScreen = source === Track.Source.ScreenShare;
  const showsPicture = isTrackReference(track) && !track.publication.isMuted;
  const label = isScreen ? text("call.screenOf", { name }) : name;

  return (
    <ParticipantTile trackRef={track} onDoubleClick={onPin}>
      {showsPicture ? <VideoTrack trackRef={track} /> : <Initial name={name} />}
      <p className="tile-name">
        {!isScreen && <MutedMark participant={participant} />}
        <span className="name">{label}</span>
        {!isScreen && <GuestMark participant={participant} />}
        {!isScreen && <WeakMark participant={participant} />}
      </p>
      {!isScreen && <HandMark participant={participant} />}
      <button
        className="tile-pin"
        type="button"
        aria-pressed={pinned}
        aria-label={text("call.pin", { name: label })}
        onClick={onPin}
      >
        <PinIcon />
      </button>
    </ParticipantTile>
  );
}

/** What stands for somebody without a picture. */
function Initial({ name }: { name: string }) {
  return (
    <div className="tile-initial" aria-hidden="true">
      <span>{[...name][0]?.toUpperCase()}</span>
    </div>
  );
}

/** A microphone that is off, or not there. */
function MutedMark({ participant }: { participant: Participant }) {
  const muted = useIsMuted({ participant, source: Track.Source.Microphone });
  if (!muted) return null;
  return (
    <span className="muted" data-lk-muted="true">
      <MicrophoneIcon off />
      <span className="visually-hidden">{text("call.muted")}</span>
    </span>
  );
}

/** Behind a name that nobody has checked. */
function GuestMark({ participant }: { participant: Participant }) {
  const { attributes } = useParticipantAttributes({ participant });
  return isGuest(attributes) ? <span className="guest">{text("people.guestMark")}</span> : null;
}

/** Only where there is something to say: a good connection needs no mark. */
function WeakMark({ participant }: { participant: Participant }) {
  const { quality } = useConnectionQualityIndicator({ participant });
  if (quality !== ConnectionQuality.Poor && quality !== ConnectionQuality.Lost) return null;
  return (
    <span className="weak">
      <WeakIcon />
      <span className="visually-hidden">{text("call.weak")}</span>
    </span>
  );
}
