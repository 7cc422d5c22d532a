// Everybody's picture: a grid, or a shared screen with the people beside it.
"use client";

import {
  CarouselLayout,
  ConnectionQualityIndicator,
  FocusLayoutContainer,
  isTrackReference,
  ParticipantName,
  ParticipantTile,
  TrackMutedIndicator,
  TrackRefContext,
  useParticipantAttributes,
  useTrackRefContext,
  useTracks,
  VideoTrack,
} from "@livekit/components-react";
import { RoomEvent, Track, type Participant } from "livekit-client";
import { CallGrid } from "@/components/call/grid";
import { text } from "@/lib/messages";
import { isGuest } from "@/lib/standing";

export function CallStage() {
  const tracks = useTracks(
    [
      { source: Track.Source.Camera, withPlaceholder: true },
      { source: Track.Source.ScreenShare, withPlaceholder: false },
    ],
    { updateOnlyOn: [RoomEvent.ActiveSpeakersChanged], onlySubscribed: false },
  );
  const screen = tracks.find((track) => track.source === Track.Source.ScreenShare);
  const people = tracks.filter((track) => track !== screen);

  return (
    <section className="call-stage" aria-label={text("call.people")}>
      {screen ? (
        <FocusLayoutContainer>
          <CarouselLayout tracks={people}>
            <Tile />
          </CarouselLayout>
          <TrackRefContext.Provider value={screen}>
            <Tile />
          </TrackRefContext.Provider>
        </FocusLayoutContainer>
      ) : (
        <CallGrid tracks={people}>
          <Tile />
        </CallGrid>
      )}
    </section>
  );
}

function Tile() {
  const trackRef = useTrackRefContext();
  const { participant, source } = trackRef;
  const showsPicture = isTrackReference(trackRef) && !trackRef.publication.isMuted;
  const initial = [...(participant.name ?? participant.identity)][0]?.toUpperCase();

  return (
    <ParticipantTile trackRef={trackRef}>
      {showsPicture ? (
        <VideoTrack trackRef={trackRef} />
      ) : (
        <div className="initial" aria-hidden="true">
          {initial}
        </div>
      )}
      <div className="lk-participant-metadata">
        <div className="lk-participant-metadata-item">
          {source === Track.Source.Camera && (
            <TrackMutedIndicator trackRef={{ participant, source: Track.Source.Microphone }} show="muted" />
          )}
          <ParticipantName participant={participant} />
          <GuestMark participant={participant} />
        </div>
        <ConnectionQualityIndicator className="lk-participant-metadata-item" participant={participant} />
      </div>
    </ParticipantTile>
  );
}

/** Behind a name that nobody has checked. */
function GuestMark({ participant }: { participant: Participant }) {
  const { attributes } = useParticipantAttributes({ participant });
  return isGuest(attributes) ? <span className="guest">{text("people.guestMark")}</span> : null;
}
