// The lobby: asks again every few seconds until a host has decided.
"use client";

import type { Token } from "@meetbox/client";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { FailureNote } from "@/components/failure-note";
import { Page } from "@/components/page";
import type { Failure } from "@/lib/api";
import { keepsWaiting, knockAgain, stopWaiting, type Knock } from "@/lib/door";
import { text } from "@/lib/messages";

const PAUSE = 3_000;
/** However long a busy server asks us to wait: a place in the lobby is kept for half a minute. */
const LONGEST_PAUSE = 15_000;

interface WaitingProps {
  roomName: string;
  asked: Knock;
  onAdmitted: (token: Token) => void;
  onRefused: (failure: Failure) => void;
  onLeft: () => void;
}

export function Waiting({ roomName, asked, onAdmitted, onRefused, onLeft }: WaitingProps) {
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
      if (answer.value.in) return onAdmitted(answer.value.token);
      setTrouble(undefined);
      return PAUSE;
    }
    if (!keepsWaiting(answer.failure)) return onRefused(answer.failure);
    setTrouble(answer.failure);
    return Math.min(Math.max(1_000 * (answer.failure.retryAfter ?? 0), PAUSE), LONGEST_PAUSE);
  });

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

  return (
    <Page>
      <section className="card stack">
        <h1>{text("waiting.heading")}</h1>
        <p role="status">{text("waiting.text", { name: roomName })}</p>
        {trouble && <FailureNote failure={trouble} />}
        <div className="row actions">
          <button className="button" type="button" onClick={leave} disabled={leaving}>
            {text("waiting.leave")}
          </button>
        </div>
      </section>
    </Page>
  );
}
