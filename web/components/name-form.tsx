// The name of a meeting: to join it, and for who is signed in to start it.
"use client";

import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { startMeeting, type Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { faultOf, suggestedName, tidied, type RoomNameFault } from "@/lib/room-name";

const goTo = (roomName: string) => window.location.assign(`/m/${roomName}`);

export function NameForm({ mayStart }: { mayStart: boolean }) {
  const [name, setName] = useState(() => (mayStart ? suggestedName() : ""));
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
  const start = async (wanted: string) => {
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!mayStart) return join();
    const wanted = checked();
    if (wanted) void start(wanted);
  };

  return (
    <form className="card stack" onSubmit={submit} noValidate>
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
          {mayStart && (
            <button className="button" type="button" onClick={() => change(suggestedName())}>
              {text("home.suggest")}
            </button>
          )}
        </div>
        <p id="room-name-hint" className={fault ? "hint wrong" : "hint"} aria-live="polite">
          {fault ? text(`roomName.${fault}`) : text("home.nameHint")}
        </p>
      </div>
      {failure && <StartFailure failure={failure} name={name} />}
      <div className="row actions">
        {mayStart && (
          <button className="button primary" type="submit" disabled={busy}>
            {text(busy ? "home.starting" : "home.start")}
          </button>
        )}
        <button
          className={mayStart ? "button" : "button primary"}
          type={mayStart ? "button" : "submit"}
          onClick={mayStart ? join : undefined}
          disabled={busy}
        >
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
