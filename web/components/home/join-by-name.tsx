// The link or the name of a meeting, typed or pasted, and the way there.
"use client";

import { useState, type FormEvent } from "react";
import { text } from "@/lib/messages";
import { destinationOf, type RoomNameFault } from "@/lib/room-name";

export function JoinByName() {
  const [typed, setTyped] = useState("");
  const [fault, setFault] = useState<RoomNameFault | "elsewhere" | "missing">();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() === "") return setFault("missing");
    const destination = destinationOf(typed, window.location.origin);
    if ("path" in destination) window.location.assign(destination.path);
    else setFault(destination.fault);
  };

  return (
    <form className="field" onSubmit={submit} noValidate>
      <label htmlFor="meeting">{text("home.name")}</label>
      <div className="join">
        <input
          id="meeting"
          name="meeting"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setFault(undefined);
          }}
          aria-invalid={fault !== undefined}
          aria-describedby="meeting-hint"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          maxLength={500}
        />
        <button className="button" type="submit">
          {text("home.join")}
        </button>
      </div>
      <p id="meeting-hint" className={fault ? "hint wrong" : "hint"} aria-live="polite">
        {fault ? text(`roomName.${fault}`) : text("home.nameHint")}
      </p>
    </form>
  );
}
