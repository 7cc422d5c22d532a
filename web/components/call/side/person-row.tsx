// One person in the list: who they are, whether they are heard and seen, and for hosts what can be done about them.
"use client";

import { useIsSpeaking } from "@livekit/components-react";
import { ConnectionQuality, type Participant } from "livekit-client";
import { useId } from "react";
import { HandMark } from "@/components/call/side/hand-mark";
import { QualityMark } from "@/components/call/side/marks";
import { PersonTools, useStop } from "@/components/call/side/person-tools";
import { CameraIcon, MicrophoneIcon, MoreIcon } from "@/components/icons";
import type { Bench } from "@/lib/call/side/decrees";
import type { Person } from "@/lib/call/side/person";
import { text } from "@/lib/messages";

interface PersonRowProps {
  person: Person;
  participant: Participant | undefined;
  /** For hosts, about others. */
  bench: Bench | undefined;
  isOpen: boolean;
  onOpen: (open: boolean) => void;
}

export function PersonRow({ person, participant, bench, isOpen, onOpen }: PersonRowProps) {
  const { name, camera } = person;
  const tools = useId();

  return (
    <li className="person" data-open={isOpen || undefined}>
      <Face name={name} participant={participant} />
      <div className="who">
        <bdi className="name">{name}</bdi>
        <Standing person={person} />
      </div>
      <span className="signs">
        {participant && <HandMark participant={participant} />}
        <Quality person={person} />
        <span role="img" aria-label={text(camera ? "people.cameraOn" : "people.cameraOff")}>
          <CameraIcon off={!camera} />
        </span>
        {(!bench || !person.microphone) && (
          <span
            className="as-wide-as-a-button"
            role="img"
            aria-label={text(person.microphone ? "people.microphoneOn" : "people.microphoneOff")}
          >
            <MicrophoneIcon off={!person.microphone} />
          </span>
        )}
        {bench && person.microphone && <Mute person={person} bench={bench} />}
        {bench && (
          <button
            className="icon-button"
            type="button"
            aria-label={text("people.more", { name })}
            aria-expanded={isOpen}
            aria-controls={isOpen ? tools : undefined}
            onClick={() => onOpen(!isOpen)}
          >
            <MoreIcon />
          </button>
        )}
      </span>
      {bench && isOpen && <PersonTools id={tools} person={person} bench={bench} />}
    </li>
  );
}

function Face({ name, participant }: { name: string; participant: Participant | undefined }) {
  const isSpeaking = useIsSpeaking(participant);
  return (
    <span className="face" data-speaking={isSpeaking || undefined}>
      <span aria-hidden="true">{[...name][0]?.toUpperCase()}</span>
      {isSpeaking && <span className="visually-hidden">{text("people.speaking")}</span>}
    </span>
  );
}

function Standing({ person: { own, guest, role } }: { person: Person }) {
  const words = [
    ...(own ? [text("people.you")] : []),
    ...(guest ? [text("people.guest")] : []),
    ...(role === "speaker" ? [] : [text(`people.role.${role}`)]),
  ];
  return words.length > 0 ? <span className="small">{words.join(" · ")}</span> : null;
}

function Quality({ person: { quality } }: { person: Person }) {
  if (quality === ConnectionQuality.Unknown) return null;
  const bars = BARS[quality];
  return (
    <span className="quality" role="img" data-bars={bars} aria-label={text(`people.quality.${quality}`)}>
      <QualityMark bars={bars} />
    </span>
  );
}

const BARS = {
  [ConnectionQuality.Excellent]: 3,
  [ConnectionQuality.Good]: 2,
  [ConnectionQuality.Poor]: 1,
  [ConnectionQuality.Lost]: 0,
};

function Mute({ person, bench }: { person: Person; bench: Bench }) {
  const stop = useStop(person, bench);
  const label = text("people.muteNamed", { name: person.name });
  return (
    <button
      className="icon-button"
      type="button"
      aria-label={label}
      title={label}
      onClick={() => stop("microphone")}
    >
      <MicrophoneIcon off={false} />
    </button>
  );
}
