// The lobby as hosts see it: a word above the pictures when somebody waits, and the list in their panel.
"use client";

import type { Waiter } from "@meetbox/client";
import { FailureNote } from "@/components/failure-note";
import { text } from "@/lib/messages";
import type { Lobby } from "@/lib/use-lobby";

/** The panel that the note opens. */
export const HOST_PANEL = "host-panel";

export function LobbyNote({ waiters }: { waiters: Waiter[] }) {
  const first = waiters[0];
  if (!first) return null;
  const one = waiters.length === 1;
  return (
    <p className="note row" role="status">
      {text(one ? "lobby.oneWaits" : "lobby.someWait", { name: first.name, count: waiters.length })}
      <button className="button quiet" type="button" popoverTarget={HOST_PANEL} popoverTargetAction="show">
        {text("lobby.show")}
      </button>
    </p>
  );
}

export function LobbyList({ lobby }: { lobby: Lobby }) {
  const { waiters, failure, decide } = lobby;
  return (
    <section className="stack" aria-label={text("lobby.heading")}>
      <h2>{text("lobby.heading")}</h2>
      {waiters.length === 0 && <p className="small">{text("lobby.empty")}</p>}
      {failure && <FailureNote failure={failure} />}
      {waiters.length > 0 && (
        <ul className="people">
          {waiters.map((waiter) => (
            <li key={waiter.ticket_id} className="row">
              <span className="name">
                {waiter.name} {waiter.guest && <span className="small">{text("people.guest")}</span>}
              </span>
              <button
                className="button quiet"
                type="button"
                aria-label={text("lobby.admitNamed", { name: waiter.name })}
                onClick={() => void decide(waiter.ticket_id, "admit")}
              >
                {text("lobby.admit")}
              </button>
              <button
                className="button quiet"
                type="button"
                aria-label={text("lobby.denyNamed", { name: waiter.name })}
                onClick={() => void decide(waiter.ticket_id, "deny")}
              >
                {text("lobby.deny")}
              </button>
            </li>
          ))}
        </ul>
      )}
      {waiters.length > 1 && (
        <p>
          <button className="button" type="button" onClick={() => void decide("all", "admit")}>
            {text("lobby.admitAll")}
          </button>
        </p>
      )}
    </section>
  );
}
