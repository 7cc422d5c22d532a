// What a host decides about one person: what stops, which role they have, whether they stay.
"use client";

import type { MeetingRole } from "@meetbox/client";
import { useState } from "react";
import { useSaid, useTalking } from "@/components/call/side/talking";
import { Confirm } from "@/components/confirm";
import type { Bench } from "@/lib/call/side/decrees";
import type { Person } from "@/lib/call/side/person";
import { STOPPED, type Stopped } from "@/lib/call/side/wire";
import { giveRole, mute, remove } from "@/lib/hosting";
import { text } from "@/lib/messages";

const roles: MeetingRole[] = ["host", "speaker", "viewer"];

/** Stops something of theirs, and lets them know that it was a host. */
export function useStop(person: Person, { decree }: Bench): (what: Stopped) => void {
  const { talker } = useTalking();
  return (what) => {
    const track = person[what];
    if (!track) return;
    void decree((chair) => mute(chair, person.identity, track)).then((done) => {
      if (done) talker.tellStopped(person.identity, what);
    });
  };
}

// It opens below a row that may be the last one to be seen.
const bringIntoView = (tools: HTMLElement | null) => {
  tools?.scrollIntoView({ block: "nearest" });
};

export function PersonTools({ id, person, bench }: { id: string; person: Person; bench: Bench }) {
  const { chair, decree } = bench;
  const { identity, name, role } = person;
  const { talker } = useTalking();
  const stop = useStop(person, bench);
  const hasHandUp = useSaid(({ hands }) => hands.has(identity));
  const [asks, setAsks] = useState(false);

  return (
    <div
      id={id}
      className="person-tools"
      role="group"
      aria-label={text("people.more", { name })}
      ref={bringIntoView}
    >
      {/* Buttons: in a list that chooses with each arrow key, somebody would be host on the way to viewer. */}
      <div className="roles" role="group" aria-label={text("people.roleOf", { name })}>
        {roles.map((one) => (
          <button
            key={one}
            className="button"
            type="button"
            aria-pressed={one === role}
            onClick={() => one !== role && void decree((chair) => giveRole(chair, identity, one))}
          >
            {text(`people.role.${one}`)}
          </button>
        ))}
      </div>
      <p className="small wide">{text(`people.means.${role}`)}</p>
      {STOPPED.map(
        (what) =>
          // The microphone has a button of its own in the row.
          what !== "microphone" &&
          person[what] && (
            <button key={what} className="button" type="button" onClick={() => stop(what)}>
              {text(`people.stop.${what}`)}
            </button>
          ),
      )}
      {hasHandUp && (
        <button className="button" type="button" onClick={() => talker.lower(identity)}>
          {text("hand.lowerTheirs")}
        </button>
      )}
      <button
        className="button"
        type="button"
        aria-label={text("people.removeNamed", { name })}
        onClick={() => setAsks(true)}
      >
        {text("people.remove")}
      </button>
      {asks && (
        <Confirm
          title={text("people.removeSure", { name })}
          label={text("people.remove")}
          act={() => remove(chair, identity)}
          onDone={() => setAsks(false)}
          onClose={() => setAsks(false)}
        >
          <p>{text("people.removeMeans")}</p>
        </Confirm>
      )}
    </div>
  );
}
