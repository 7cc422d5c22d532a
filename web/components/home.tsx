// The first page: a name for a meeting, two ways to go there, and the meetings that are or were.
"use client";

import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { MeetingList } from "@/components/meeting-list";
import { startMeeting, type Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { faultOf, suggestedName, tidied, type RoomNameFault } from "@/lib/room-name";
import { useClientOnly } from "@/lib/use-client-only";

const goTo = (roomName: string) => window.location.assign(`/m/${roomName}`);

export function Home() {
  const inBrowser = useClientOnly();
  return (
    <>
      <h1>{text("home.heading")}</h1>
      <p className="lead">{text("home.intro")}</p>
      {/* A suggestion is drawn by lot, so the exported page cannot hold one. */}
      {inBrowser ? (
        <NameForm key="live" suggestion={suggestedName()} />
      ) : (
        <NameForm key="still" suggestion="" />
      )}
      {inBrowser && <MeetingList />}
    </>
  );
}

function NameForm({ suggestion }: { suggestion: string }) {
  const [name, setName] = useState(suggestion);
  const [fault, setFault] = useState<RoomNameFault>();
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const change = (value: string) => {
    setName(value);
    setFault(undefined);
    setFailure(undefined);
  };
  const tidyUp = () => {
    const better = tidied(name);
    if (faultOf(name) && !faultOf(better)) change(better);
  };
  const checked = () => {
    const wanted = faultOf(name) ? tidied(name) : name;
    const wrong = faultOf(wanted) && faultOf(name);
    setFault(wrong);
    return wrong ? undefined : wanted;
  };
  const start = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = checked();
    if (!wanted) return;
    change(wanted);
    setBusy(true);
    const answer = await startMeeting(wanted);
    if (answer.ok) return goTo(answer.value.room_name);
    setFailure(answer.failure);
    setBusy(false);
  };
  const join = () => {
    const wanted = checked();
    if (wanted) goTo(wanted);
  };

  return (
    <form className="card stack" onSubmit={start} noValidate>
      <div className="field">
        <label htmlFor="room-name">{text("home.name")}</label>
        <div className="row">
          <input
            id="room-name"
            name="room-name"
            value={name}
            onChange={(event) => change(event.target.value)}
            onBlur={tidyUp}
            aria-invalid={fault !== undefined}
            aria-describedby="room-name-hint"
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
          />
          <button className="button" type="button" onClick={() => change(suggestedName())}>
            {text("home.suggest")}
          </button>
        </div>
        <p id="room-name-hint" className={fault ? "hint wrong" : "hint"} aria-live="polite">
          {fault ? text(`roomName.${fault}`) : text("home.nameHint")}
        </p>
      </div>
      {failure && <StartFailure failure={failure} name={name} />}
      <div className="row actions">
        <button className="button primary" type="submit" disabled={busy}>
          {text(busy ? "home.starting" : "home.start")}
        </button>
        <button className="button" type="button" onClick={join} disabled={busy}>
          {text("home.join")}
        </button>
      </div>
    </form>
  );
}

function StartFailure({ failure, name }: { failure: Failure; name: string }) {
  if (failure.code !== "room-name-taken") return <FailureNote failure={failure} />;
  return (
    <div className="note" role="alert">
      <p>{text("home.taken", { name })}</p>
      <p>
        <a href={`/m/${name}`}>{text("home.joinTaken")}</a>
      </p>
    </div>
  );
}
