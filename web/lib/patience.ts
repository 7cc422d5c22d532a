// Waits that the API asks for after a wrong guess: a short one is waited here, so that nobody has to press a button twice.
import type { Failure, Outcome } from "./api";

/** The longest wait, in seconds, that somebody sits out before a button that is busy; a longer one they are told. */
const LONGEST = 3;

const delays = new Set(["sign-in-delayed", "passcode-delayed"]);

const isShort = ({ code, retryAfter }: Failure) =>
  code !== undefined && delays.has(code) && retryAfter !== undefined && retryAfter <= LONGEST;

const sleep = (seconds: number) => new Promise<void>((done) => setTimeout(done, seconds * 1000));

/** Asks, and once more when the answer is to come again in a moment. */
export async function patiently<T>(ask: () => Promise<Outcome<T>>, wait = sleep): Promise<Outcome<T>> {
  const answer = await ask();
  if (answer.ok || !isShort(answer.failure)) return answer;
  await wait(answer.failure.retryAfter ?? LONGEST);
  return ask();
}
