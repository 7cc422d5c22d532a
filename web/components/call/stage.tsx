// Everybody's picture: a grid, or one large (a shared screen, somebody pinned, whoever speaks) with the others beside it.
"use client";

import {
  useSpeakingParticipants,
  useTracks,
  type TrackReferenceOrPlaceholder,
} from "@livekit/components-react";
import { RoomEvent, Track } from "livekit-client";
import { useLayoutEffect, useRef, useState } from "react";
import { Pager } from "@/components/call/pager";
import { Tile } from "@/components/call/tile";
import type { View } from "@/lib/call/kept";
import { gridFor, stripFor, type Seating, type Size } from "@/lib/call/layout";
import { arrange, nextSpeaker, type Present } from "@/lib/call/order";
import { useSize } from "@/lib/call/use-size";
import { text } from "@/lib/messages";

/** What a picture is called from one drawing to the next: a camera that goes on or off is the same. */
const idOf = ({ participant, source }: TrackReferenceOrPlaceholder) => `${participant.identity} ${source}`;

const isForeignScreen = ({ participant, source }: TrackReferenceOrPlaceholder) =>
  source === Track.Source.ScreenShare && !participant.isLocal;

interface StageProps {
  view: View;
  /** What somebody wants to see large whatever happens. */
  pin: string | undefined;
  onPin: (id: string | undefined) => void;
}

export function Stage({ view, pin, onPin }: StageProps) {
  const [ref, size] = useSize();
  const tracks = useTracks(
    [
      { source: Track.Source.Camera, withPlaceholder: true },
      { source: Track.Source.ScreenShare, withPlaceholder: false },
    ],
    {
      updateOnlyOn: [RoomEvent.ActiveSpeakersChanged, RoomEvent.TrackMuted, RoomEvent.TrackUnmuted],
      onlySubscribed: false,
    },
  );
  // One's own screen is in front of one's eyes already.
  const shown = tracks.filter((track) => track.source === Track.Source.Camera || isForeignScreen(track));
  const large = useLarge(shown, view, pin);
  const others = shown.filter((track) => track !== large);

  return (
    <section className="call-stage" aria-label={text("call.people")} ref={ref}>
      {size && <Pictures size={size} large={large} others={others} pin={pin} onPin={onPin} />}
    </section>
  );
}

/** The picture that is large, if one is. */
function useLarge(
  shown: TrackReferenceOrPlaceholder[],
  view: View,
  pin: string | undefined,
): TrackReferenceOrPlaceholder | undefined {
  const speaking = useSpeakingParticipants();
  const [speaker, setSpeaker] = useState<string>();
  const others = shown.filter(
    ({ participant, source }) => !participant.isLocal && source === Track.Source.Camera,
  );
  const next = nextSpeaker(
    speaker,
    speaking.map(({ identity }) => identity),
    others.map(({ participant }) => participant.identity),
  );
  if (next !== speaker) setSpeaker(next);

  const pinned = shown.find((track) => idOf(track) === pin);
  // The latest screen is what people talk about.
  const screen = shown.filter(isForeignScreen).at(-1);
  const speaks = others.find(({ participant }) => participant.identity === next);
  return pinned ?? screen ?? (view === "speaker" ? (speaks ?? shown[0]) : undefined);
}

interface PicturesProps {
  size: Size;
  large: TrackReferenceOrPlaceholder | undefined;
  others: TrackReferenceOrPlaceholder[];
  pin: string | undefined;
  onPin: (id: string | undefined) => void;
}

const inOrderOfArrival = (one: TrackReferenceOrPlaceholder, other: TrackReferenceOrPlaceholder) =>
  Number(other.participant.isLocal) - Number(one.participant.isLocal) ||
  (one.participant.joinedAt?.getTime() ?? 0) - (other.participant.joinedAt?.getTime() ?? 0);

const presenceOf = (track: TrackReferenceOrPlaceholder): Present => ({
  id: idOf(track),
  stays: track.participant.isLocal || track.source === Track.Source.ScreenShare,
  speaks: track.participant.isSpeaking,
  spokeAt: track.participant.lastSpokeAt?.getTime(),
});

function Pictures({ size, large, others, pin, onPin }: PicturesProps) {
  const strip = large && stripFor(size, others.length, large.source === Track.Source.ScreenShare);
  const seating = strip ?? gridFor(size, others.length);
  const [order, setOrder] = useState<string[]>([]);
  const [page, setPage] = useState(0);
  const present = [...others].sort(inOrderOfArrival).map(presenceOf);
  const next = arrange(order, present, seating.seats);
  if (next.join("\n") !== order.join("\n")) setOrder(next);

  const pages = Math.max(1, Math.ceil(next.length / seating.seats));
  const at = Math.min(page, pages - 1);
  const seated = next.slice(at * seating.seats, (at + 1) * seating.seats);
  const tileOf = (track: TrackReferenceOrPlaceholder) => {
    const id = idOf(track);
    return (
      <Tile key={id} track={track} pinned={id === pin} onPin={() => onPin(id === pin ? undefined : id)} />
    );
  };

  return (
    <div className="pictures" data-shape={strip ? (strip.beside ? "beside" : "below") : "grid"}>
      {large && <div className="large">{tileOf(large)}</div>}
      <div className="others">
        <Seats seating={seating}>
          {seated
            .map((id) => others.find((track) => idOf(track) === id))
            .filter((track) => track !== undefined)
            .map(tileOf)}
        </Seats>
        {pages > 1 && <Pager page={at} pages={pages} onPage={setPage} />}
      </div>
    </div>
  );
}

/** The places, each of the size that was reckoned. */
function Seats({ seating, children }: { seating: Seating; children: React.ReactNode }) {
  const seats = useRef<HTMLDivElement>(null);
  const { tile, columns } = seating;

  useLayoutEffect(() => {
    const style = seats.current?.style;
    style?.setProperty("--tile-width", `${tile.width}px`);
    style?.setProperty("--tile-height", `${tile.height}px`);
    style?.setProperty("--columns", String(columns));
  }, [tile.width, tile.height, columns]);

  return (
    <div className="seats" ref={seats}>
      {children}
    </div>
  );
}
