// Everybody in the call, raised hands first; for hosts also who waits outside, and what they decide.
"use client";

import { useParticipants } from "@livekit/components-react";
import { RoomEvent } from "livekit-client";
import { useState } from "react";
import { LobbyList } from "@/components/call/side/lobby";
import { MeetingTools } from "@/components/call/side/meeting-tools";
import { PersonRow } from "@/components/call/side/person-row";
import { useSaid } from "@/components/call/side/talking";
import { FailureNote } from "@/components/failure-note";
import type { Failure } from "@/lib/api";
import type { Bench } from "@/lib/call/side/decrees";
import { inOrder, MANY, named, personOf } from "@/lib/call/side/person";
import { handsInOrder } from "@/lib/call/side/talk-state";
import type { Chair } from "@/lib/hosting";
import { counted, text } from "@/lib/messages";
import type { Lobby } from "@/lib/use-lobby";

// Who speaks is watched by each row: that changes all the time.
const CHANGES = [
  RoomEvent.ParticipantPermissionsChanged,
  RoomEvent.ParticipantAttributesChanged,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.ConnectionQualityChanged,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
];

interface PeopleProps {
  chair: Chair | undefined;
  lobby: Lobby;
  roomName: string;
}

export function People({ chair, lobby, roomName }: PeopleProps) {
  const participants = useParticipants({ updateOnlyOn: CHANGES });
  const hands = useSaid((said) => said.hands);
  const [typed, setTyped] = useState("");
  const [opened, setOpened] = useState<string>();
  const [failure, setFailure] = useState<Failure>();

  const people = inOrder(participants.map(personOf), handsInOrder(hands));
  const isMany = people.length > MANY;
  const shown = isMany ? named(people, typed) : people;
  const bench: Bench | undefined = chair && {
    chair,
    decree: async (deed) => {
      setFailure(undefined);
      const answer = await deed(chair);
      if (!answer.ok) setFailure(answer.failure);
      return answer.ok;
    },
  };

  return (
    <>
      <div className="side-body">
        {chair && <LobbyList lobby={lobby} />}
        {failure && <FailureNote failure={failure} />}
        {isMany && (
          <input
            type="search"
            aria-label={text("people.search")}
            placeholder={text("people.search")}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        <section aria-label={counted("people.here", people.length)}>
          <ul className="persons" data-host={bench !== undefined || undefined}>
            {shown.map((person) => (
              <PersonRow
                key={person.identity}
                person={person}
                participant={participants.find(({ identity }) => identity === person.identity)}
                bench={person.own ? undefined : bench}
                isOpen={opened === person.identity}
                onOpen={(open) => setOpened(open ? person.identity : undefined)}
              />
            ))}
          </ul>
          {people.length === 1 && <p className="small">{text("people.nobody")}</p>}
          {shown.length === 0 && <p className="small">{text("people.notFound")}</p>}
        </section>
      </div>
      {bench && <MeetingTools bench={bench} people={people} roomName={roomName} />}
    </>
  );
}
