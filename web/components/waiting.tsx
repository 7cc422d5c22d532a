// The lobby: the own picture, since when one waits, and the question to the API every few seconds until a host has decided.
"use client";

import "@/styles/door.css";
import type { Token } from "@meetbox/client";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { FailureNote } from "@/components/failure-note";
import { ArrivalHeading } from "@/components/heading";
import { Page } from "@/components/page";
import { Preview } from "@/components/preview";
import { TroubleNotes } from "@/components/trouble-notes";
import type { Failure } from "@/lib/api";
import { useChoices, type Choices } from "@/lib/choices";
import { joinInfo, keepsWaiting, knockAgain, stopWaiting, type Knock } from "@/lib/door";
import { doorstep } from "@/lib/doorstep";
import { fetchCallAhead } from "@/lib/fetch-call";
import { time } from "@/lib/format";
import { text } from "@/lib/messages";
import { choicesThatWork, useSelf } from "@/lib/use-self";

const PAUSE = 3_000;
/** However long a busy server asks us to wait: a place in the lobby is kept for half a minute. */
const LONGEST_PAUSE = 15_000;

interface WaitingProps {
  roomName: string;
  asked: Knock;
  onAdmitted: (token: Token, choices: Choices) => void;
  onRefused: (failure: Failure) => void;
  onLeft: () => void;
}

export function Waiting({ roomName, asked, onAdmitted, onRefused, onLeft }: WaitingProps) {
  const [choices, change] = useChoices();
  const self = useSelf(choices);
  const title = useTitle(roomName);
  const [trouble, setTrouble] = useState<Failure>();
  const [leaving, setLeaving] = useState(false);
  const asking = useRef<Promise<unknown>>(undefined);

  /** Asks once. Answers in how many milliseconds to ask again, or nothing when the waiting is over. */
  const ask = useEffectEvent(async (isOver: () => boolean) => {
    const question = knockAgain(roomName, asked);
    asking.current = question;
    const answer = await question;
    if (isOver()) return undefined;
    if (answer.ok) {
      if (answer.value.in) return onAdmitted(answer.value.token, choicesThatWork(choices, self));
      setTrouble(undefined);
      return PAUSE;
    }
    if (!keepsWaiting(answer.failure)) return onRefused(answer.failure);
    setTrouble(answer.failure);
    return Math.min(Math.max(1_000 * (answer.failure.retryAfter ?? 0), PAUSE), LONGEST_PAUSE);
  });

  // Whoever is admitted should not wait for the call as well.
  useEffect(fetchCallAhead, []);

  // Nothing is given back when the page goes away: closing it and loading it again look the same to it, and who loads
  // it again must keep their place. Who has closed it is gone half a minute after the last question.
  useEffect(() => {
    if (leaving) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    const askIn = (pause: number) => {
      timer = setTimeout(async () => {
        const next = await ask(() => over);
        if (next !== undefined && !over) askIn(next);
      }, pause);
    };
    askIn(PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [leaving]);

  const leave = async () => {
    setLeaving(true);
    // A question on its way would take a new place behind our back.
    await asking.current;
    await stopWaiting(roomName);
    onLeft();
  };

  const { waitingSince } = doorstep(roomName);
  return (
    <Page wide>
      <div className="doorstep">
        <Preview choices={choices} onChange={change} self={self} />
        <section className="card stack">
          <ArrivalHeading>{text("waiting.heading")}</ArrivalHeading>
          <p role="status">{text("waiting.text", { name: title ?? roomName })}</p>
          <p className="waiting small">
            <span className="pulse" aria-hidden="true" />
            {waitingSince ? text("waiting.since", { time: time(waitingSince) }) : text("waiting.still")}
          </p>
          {trouble && <FailureNote failure={trouble} />}
          <div className="row actions">
            <button className="button" type="button" onClick={leave} disabled={leaving}>
              {text("waiting.leave")}
            </button>
          </div>
        </section>
        <div className="stack choices">
          <TroubleNotes self={self} />
        </div>
      </div>
    </Page>
  );
}

/** What people call the meeting; after a reload nobody else has told. */
function useTitle(roomName: string): string | undefined {
  const [title, setTitle] = useState<string>();

  useEffect(() => {
    let gone = false;
    void joinInfo(roomName).then((answer) => {
      if (answer.ok && !gone) setTitle(answer.value.title);
    });
    return () => {
      gone = true;
    };
  }, [roomName]);

  return title;
}
