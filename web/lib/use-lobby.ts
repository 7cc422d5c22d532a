// Who waits in the lobby, asked every few seconds for a host who is in the call.
import type { DecisionView, Waiter } from "@meetbox/client";
import { useEffect, useState } from "react";
import type { Failure } from "./api";
import { decide, waiters, type Chair } from "./hosting";

const PAUSE = 3_000;

export interface Lobby {
  waiters: Waiter[];
  failure: Failure | undefined;
  decide: (ticketId: string | "all", decision: DecisionView) => Promise<void>;
}

const nobody: Waiter[] = [];

/** Without a chair nobody is asked about, and nobody waits. */
export function useLobby(chair: Chair | undefined): Lobby {
  const [waiting, setWaiting] = useState(nobody);
  const [failure, setFailure] = useState<Failure>();

  useEffect(() => {
    if (!chair) return;
    let gone = false;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const answer = await waiters(chair);
      if (gone) return;
      // A question that fails is asked again; what was known stays.
      if (answer.ok) setWaiting(answer.value);
      timer = setTimeout(ask, PAUSE);
    };
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
      setWaiting(nobody);
    };
  }, [chair]);

  const decideAbout: Lobby["decide"] = async (ticketId, decision) => {
    if (!chair) return;
    setFailure(undefined);
    const answer = await decide(chair, ticketId, decision);
    // Whoever has left meanwhile is off the list as well.
    const settled = answer.ok || answer.failure.code === "nobody-waits";
    if (!settled) setFailure(answer.failure);
    else setWaiting((all) => (ticketId === "all" ? nobody : all.filter((one) => one.ticket_id !== ticketId)));
  };

  return { waiters: waiting, failure, decide: decideAbout };
}
