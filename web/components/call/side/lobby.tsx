// The lobby as hosts see it: a call in the corner while somebody waits, and the list among the people.
"use client";

import "@/styles/lobby.css";
import type { Waiter } from "@meetbox/client";
import { useEffect, useRef, useState, type FocusEvent, type RefObject } from "react";
import { SoundIcon } from "@/components/door-icons";
import { FailureNote } from "@/components/failure-note";
import { CloseIcon } from "@/components/icons";
import { keepChoice, lastChoices } from "@/lib/choices";
import { counted, text } from "@/lib/messages";
import { playCall } from "@/lib/sound";
import type { Lobby } from "@/lib/use-lobby";

/** How many are named in the corner; the panel has all. */
const SHOWN = 3;

const whoWaits = (waiters: Waiter[]): string => {
  const [first] = waiters;
  if (!first) return "";
  return waiters.length === 1
    ? text("lobby.oneWaits", { name: first.name })
    : counted("lobby.someWait", waiters.length);
};

interface LobbyNoteProps {
  lobby: Lobby;
  /** Whether the panel with the list is on the screen. */
  listIsOpen: boolean;
  /** Opens it. */
  onShow: () => void;
}

/**
 * Calls a host who is in the call. It takes no focus, is read out when there is a pause, and goes when the panel with the
 * list is open, or until the next one comes when it is put away.
 */
export function LobbyNote({ lobby, listIsOpen, onShow }: LobbyNoteProps) {
  const { waiters, failure, decide } = lobby;
  const [sound, setSound] = useState(() => lastChoices().lobbySound);
  const newest = useNewcomers(waiters, sound);
  const [putAway, setPutAway] = useState<string>();
  const shown = waiters.length > 0 && !listIsOpen && putAway !== newest;
  const [corner, come] = useFocusBackFromNote(shown);

  const switchSound = () => {
    keepChoice({ lobbySound: !sound });
    setSound(!sound);
  };
  return (
    <>
      <p className="visually-hidden" role="status">
        {whoWaits(waiters)}
      </p>
      {shown && (
        <section className="lobby-call card" aria-label={text("lobby.heading")} onFocus={come} ref={corner}>
          <div className="lobby-head">
            <p>{whoWaits(waiters)}</p>
            <button
              className="button quiet square"
              type="button"
              aria-pressed={sound}
              aria-label={text("lobby.sound")}
              onClick={switchSound}
            >
              <SoundIcon off={!sound} />
            </button>
            <button
              className="button quiet square"
              type="button"
              aria-label={text("lobby.putAway")}
              onClick={() => setPutAway(newest)}
            >
              <CloseIcon />
            </button>
          </div>
          {failure && <FailureNote failure={failure} />}
          <Waiters waiters={waiters.slice(0, SHOWN)} decide={decide} named={waiters.length > 1} />
          {waiters.length > 1 && (
            <div className="row">
              <button className="button" type="button" onClick={() => void decide("all", "admit")}>
                {text("lobby.admitAll")}
              </button>
              {waiters.length > SHOWN && (
                <button className="button quiet" type="button" onClick={onShow}>
                  {text("lobby.show")}
                </button>
              )}
            </div>
          )}
        </section>
      )}
    </>
  );
}

/** The ticket of whoever came last. Somebody new is heard, when there is to be a sound. */
function useNewcomers(waiters: Waiter[], sound: boolean): string | undefined {
  const newest = waiters.at(-1)?.ticket_id;
  const known = useRef(new Set<string>());

  useEffect(() => {
    const fresh = waiters.filter(({ ticket_id }) => !known.current.has(ticket_id));
    for (const { ticket_id } of fresh) known.current.add(ticket_id);
    if (fresh.length > 0 && sound) void playCall(lastChoices().speakerId);
  }, [waiters, sound]);

  return newest;
}

/** Whoever used the corner by keyboard gets back to where they were when it goes. */
function useFocusBackFromNote(shown: boolean): [RefObject<HTMLElement | null>, (event: FocusEvent) => void] {
  const corner = useRef<HTMLElement>(null);
  const from = useRef<HTMLElement>(null);
  const inside = useRef(false);

  const come = ({ relatedTarget }: FocusEvent) => {
    inside.current = true;
    if (relatedTarget instanceof HTMLElement && !corner.current?.contains(relatedTarget))
      from.current = relatedTarget;
  };
  useEffect(() => {
    if (shown) return;
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (inside.current && isLost) from.current?.focus();
    inside.current = false;
  }, [shown]);

  return [corner, come];
}

interface WaitersProps {
  waiters: Waiter[];
  decide: Lobby["decide"];
  /** Whether each is named in front of their buttons. */
  named?: boolean;
}

function Waiters({ waiters, decide, named = true }: WaitersProps) {
  return (
    <ul className="people">
      {waiters.map((waiter) => (
        <li key={waiter.ticket_id} className="row">
          {named && (
            <span className="name">
              {waiter.name} {waiter.guest && <span className="small">{text("people.guest")}</span>}
            </span>
          )}
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
  );
}

export function LobbyList({ lobby }: { lobby: Lobby }) {
  const { waiters, failure, decide } = lobby;
  if (waiters.length === 0 && !failure) return null;
  return (
    <section className="lobby-list" aria-label={text("lobby.heading")}>
      <h3>{text("lobby.heading")}</h3>
      {failure && <FailureNote failure={failure} />}
      <Waiters waiters={waiters} decide={decide} />
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
