// Short waits after a wrong guess are waited, once; whatever else is answered is told at once.
import assert from "node:assert/strict";
import { test } from "vitest";
import type { Failure, Outcome } from "../lib/api";
import { patiently } from "../lib/patience";

/** What comes of asking a server that answers so, one after the other: the outcome, how often it was asked, the waits. */
async function asking(...answers: Outcome<string>[]) {
  const waits: number[] = [];
  let asked = 0;
  const ask = () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)]!);
  const outcome = await patiently(ask, (seconds) => Promise.resolve(void waits.push(seconds)));
  return { outcome, asked, waits };
}

const refused = (failure: Omit<Failure, "message">): Outcome<string> => ({
  ok: false,
  failure: { message: "no", ...failure },
});
const fine: Outcome<string> = { ok: true, value: "in" };

test("the right password right after a wrong one waits for a moment and is let in", async () => {
  for (const code of ["sign-in-delayed", "passcode-delayed"]) {
    const delayed = refused({ code, retryAfter: 1 });
    assert.deepEqual(await asking(delayed, fine), { outcome: fine, asked: 2, waits: [1] });
  }
});

test("nobody waits twice, nor for long, nor for anything else", async () => {
  const delayed = refused({ code: "sign-in-delayed", retryAfter: 2 });
  assert.deepEqual(await asking(delayed), { outcome: delayed, asked: 2, waits: [2] });
  for (const answer of [
    fine,
    refused({ code: "sign-in-delayed", retryAfter: 8 }),
    refused({ code: "sign-in-delayed" }),
    refused({ code: "sign-in-wrong" }),
    refused({ code: "rate-limited", retryAfter: 1 }),
    refused({}),
  ])
    assert.deepEqual(await asking(answer), { outcome: answer, asked: 1, waits: [] });
});
