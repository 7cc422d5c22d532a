// What a scene can have happen to the house while people meet in it; the tests' harness listens for it.
import { createInterface } from "node:readline";

/** Whether there is a harness that does it. By hand there is none, and scenes of outages are left out. */
export const canSuffer = process.env.OUTAGES === "1";

let answers;

/** Asks the harness for a deed, such as `kill livekit` or `start api`, and waits until it is done. */
export async function suffer(deed) {
  answers ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log(`@ ${deed}`);
  const { value, done } = await answers.next();
  if (done || value !== "done") throw new Error(`${deed}: ${value ?? "nobody answers"}`);
}
