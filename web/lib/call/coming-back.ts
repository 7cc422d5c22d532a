// Comes back into a call that was lost: asks at the door again and again, a little more slowly each time, and not forever.
import type { Token } from "@meetbox/client";
import type { Failure, Outcome } from "../api";
import { keepsWaiting, type Entrance } from "../door";

/** How long somebody is kept waiting before they are told that it does not work. */
export const LIMIT = 120_000;
const LONGEST = 8_000;

/** How long to wait before try `number`, counted from 0. */
export const pauseBefore = (number: number): number =>
  number === 0 ? 0 : Math.min(LONGEST, 500 * 2 ** (number - 1));

export type Ending =
  | { at: "in" }
  /** The door has decided otherwise meanwhile. */
  | { at: "refused"; failure: Failure }
  | { at: "waiting" }
  | { at: "lost" }
  /** Nobody waits for it any more. */
  | { at: "gone" };

interface Ways {
  knock: () => Promise<Outcome<Entrance>>;
  /** Goes in; whether that worked. */
  enter: (token: Token) => Promise<boolean>;
  /** Waits so many milliseconds, or less when there is a reason to try sooner. */
  sleep: (milliseconds: number) => Promise<void>;
  gone: () => boolean;
  now: () => number;
}

export async function comeBack({ knock, enter, sleep, gone, now }: Ways): Promise<Ending> {
  const deadline = now() + LIMIT;
  for (let tries = 0; now() < deadline; tries += 1) {
    await sleep(pauseBefore(tries));
    if (gone()) return { at: "gone" };
    const answer = await knock();
    if (gone()) return { at: "gone" };
    if (!answer.ok) {
      if (keepsWaiting(answer.failure)) continue;
      return { at: "refused", failure: answer.failure };
    }
    if (!answer.value.in) return { at: "waiting" };
    const isIn = await enter(answer.value.token);
    if (gone()) return { at: "gone" };
    if (isIn) return { at: "in" };
  }
  return { at: "lost" };
}
