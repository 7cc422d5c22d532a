// The keys of the call, the ways out of it and the way back in.
import assert from "node:assert/strict";
import { DisconnectReason } from "livekit-client";
import { test } from "vitest";
import type { Token } from "@meetbox/client";
import { comeBack, LIMIT, pauseBefore } from "../lib/call/coming-back";
import { viewFrom } from "../lib/call/kept";
import { deedOf, keyOf, KEYS, leavesSpace, types } from "../lib/call/keys";
import { wayOut } from "../lib/call/ways-out";
import { text } from "../lib/messages";

test("each key does one thing, and every thing has a name", () => {
  assert.equal(new Set(KEYS.map(({ key }) => key)).size, KEYS.length);
  assert.equal(new Set(KEYS.map(({ deed }) => deed)).size, KEYS.length);
  for (const { label } of KEYS) assert.notEqual(text(label), "");
  assert.equal(keyOf("microphone"), "M");
});

test("letters are heard small and large, and never together with a key of the browser's", () => {
  assert.equal(deedOf({ key: "m" }), "microphone");
  assert.equal(deedOf({ key: "M" }), "microphone");
  assert.equal(deedOf({ key: "?" }), "help");
  for (const held of ["ctrlKey", "altKey", "metaKey", "repeat", "isComposing"])
    assert.equal(deedOf({ key: "m", [held]: true }), undefined, held);
  assert.equal(deedOf({ key: "x" }), undefined);
});

/** An element that lies in what `selectors` name. */
const inside = (...selectors: string[]) => ({
  closest: (asked: string) => (selectors.some((one) => asked.includes(one)) ? {} : null),
});

test("whoever types is not listened to, nor is a menu or a dialog", () => {
  for (const one of ["textarea", "select", "[contenteditable]", '[role="menu"]', "dialog"])
    assert.equal(types(inside(one)), true, one);
  assert.equal(types(inside("button")), false);
  assert.equal(types(null), false);
  assert.equal(types({}), false);
});

test("the space bar is free where it does nothing else", () => {
  assert.equal(leavesSpace(inside("button")), false);
  assert.equal(leavesSpace(inside("textarea")), false);
  assert.equal(leavesSpace(inside("main")), true);
});

test("an end is an end, and everything else leads back", () => {
  assert.equal(wayOut(DisconnectReason.CLIENT_INITIATED), "asked");
  assert.equal(wayOut(DisconnectReason.DUPLICATE_IDENTITY), "elsewhere");
  assert.equal(wayOut(DisconnectReason.PARTICIPANT_REMOVED), "removed");
  assert.equal(wayOut(DisconnectReason.ROOM_DELETED), "ended");
  assert.equal(wayOut(DisconnectReason.ROOM_CLOSED), "ended");
  for (const reason of [undefined, DisconnectReason.SERVER_SHUTDOWN, DisconnectReason.STATE_MISMATCH])
    assert.equal(wayOut(reason), "back", String(reason));
});

test("a view that is stored is read back, and anything else is the grid", () => {
  assert.equal(viewFrom("speaker"), "speaker");
  for (const odd of [null, "", "grid", "cinema"]) assert.equal(viewFrom(odd), "grid");
});

const token = { token: "t", url: "ws://localhost" } as Token;
const away = { ok: false, failure: { message: "away" } } as const;
const open = { ok: true, value: { in: true, token } } as const;

/** A clock that runs only while somebody sleeps. */
function clock() {
  let at = 0;
  return {
    now: () => at,
    sleep: async (milliseconds: number) => {
      at += Math.max(milliseconds, 1);
    },
    gone: () => false,
  };
}

test("coming back begins at once and slows down", () => {
  assert.equal(pauseBefore(0), 0);
  assert.ok(pauseBefore(1) < pauseBefore(3));
  assert.equal(pauseBefore(30), pauseBefore(31));
});

test("somebody comes back as soon as the door and the room are there again", async () => {
  const answers = [away, open, open];
  const enters = [false, true];
  const ending = await comeBack({
    ...clock(),
    knock: async () => answers.shift() ?? away,
    enter: async () => enters.shift() ?? false,
  });
  assert.deepEqual(ending, { at: "in" });
  assert.equal(answers.length + enters.length, 0);
});

test("nobody is kept waiting forever", async () => {
  const time = clock();
  const ending = await comeBack({ ...time, knock: async () => away, enter: async () => true });
  assert.deepEqual(ending, { at: "lost" });
  assert.ok(time.now() >= LIMIT && time.now() < 2 * LIMIT);
});

test("a door that has decided is believed", async () => {
  const failure = { message: "no", code: "meeting-locked" };
  const enter = async () => true;
  const knock = async () => ({ ok: false, failure }) as const;
  assert.deepEqual(await comeBack({ ...clock(), knock, enter }), { at: "refused", failure });
  const lobby = async () => ({ ok: true, value: { in: false } }) as const;
  assert.deepEqual(await comeBack({ ...clock(), knock: lobby, enter }), { at: "waiting" });
});

test("whoever has left meanwhile is not brought back", async () => {
  const knock = async () => open;
  const enter = async () => true;
  assert.deepEqual(await comeBack({ ...clock(), knock, enter, gone: () => true }), { at: "gone" });
});
