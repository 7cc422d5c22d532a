// Where the pictures of a call go: as large as they can be, whoever speaks in sight, and everybody else where they were.
import assert from "node:assert/strict";
import { test } from "vitest";
import { GAP, gridFor, stripFor, type Seating, type Size } from "../lib/call/layout";
import { arrange, nextSpeaker, type Present } from "../lib/call/order";

const laptop = { width: 1416, height: 810 };
const phone = { width: 304, height: 560 };

function fitsIn(room: Size, { tile, columns, seats }: Seating) {
  const rows = Math.ceil(seats / columns);
  assert.ok(columns * tile.width + (columns - 1) * GAP <= room.width, "not wider than the room");
  assert.ok(rows * tile.height + (rows - 1) * GAP <= room.height, "not higher than the room");
}

test("a grid is never larger than its room, whatever the number of people", () => {
  for (const room of [laptop, phone, { width: 768, height: 900 }, { width: 2540, height: 1340 }])
    for (let count = 1; count <= 60; count += 1) fitsIn(room, gridFor(room, count));
});

test("everybody fits on a page where they can be recognised, and turns pages where not", () => {
  assert.equal(gridFor(laptop, 12).seats, 12);
  assert.equal(gridFor(laptop, 12).columns, 4);
  assert.equal(gridFor(phone, 3).seats, 3);
  assert.ok(gridFor(phone, 12).seats < 12);
  assert.equal(gridFor(laptop, 49).seats, 25);
});

test("two on a phone are below each other, and beside each other on a laptop", () => {
  assert.equal(gridFor(phone, 2).columns, 1);
  assert.equal(gridFor(laptop, 2).columns, 2);
});

test("a window too small for anything shows one", () => {
  assert.equal(gridFor({ width: 100, height: 80 }, 5).seats, 1);
  assert.equal(gridFor(laptop, 0).seats, 1);
});

test("the strip is beside what is large, or below it on a window that stands", () => {
  assert.equal(stripFor(laptop, 3).beside, true);
  assert.equal(stripFor(phone, 3).beside, false);
  for (const count of [1, 4, 30]) {
    assert.ok(stripFor(laptop, count).tile.width <= laptop.width / 4);
    const below = stripFor(phone, count);
    assert.ok(
      below.tile.height * (below.seats / below.columns) < phone.height / 2,
      "most is for the large one",
    );
  }
});

const quiet = (id: string, more: Partial<Present> = {}): Present => ({
  id,
  stays: false,
  speaks: false,
  ...more,
});

test("people keep their places when others come and go", () => {
  const first = arrange([], [quiet("me", { stays: true }), quiet("a"), quiet("b")], 4);
  assert.deepEqual(first, ["me", "a", "b"]);
  assert.deepEqual(arrange(first, [quiet("c"), quiet("b"), quiet("me", { stays: true })], 4), [
    "me",
    "b",
    "c",
  ]);
});

test("whoever speaks off the page takes the seat of whoever has been silent for longest", () => {
  const people = [
    quiet("me", { stays: true }),
    quiet("a", { spokeAt: 50 }),
    quiet("b", { spokeAt: 20 }),
    quiet("c"),
    quiet("d", { speaks: true }),
  ];
  assert.deepEqual(arrange(["me", "a", "b", "c", "d"], people, 3), ["me", "a", "d", "c", "b"]);
  assert.deepEqual(arrange(["me", "a", "b", "c", "d"], people, 5), ["me", "a", "b", "c", "d"]);
});

test("nobody who speaks or stays is moved for another", () => {
  const people = [
    quiet("me", { stays: true }),
    quiet("a", { speaks: true }),
    quiet("b", { speaks: true }),
    quiet("c"),
  ];
  assert.deepEqual(arrange(["me", "a", "c", "b"], people, 2), ["me", "a", "c", "b"]);
});

test("a shared screen that begins stands in front", () => {
  const people = [quiet("a"), quiet("screen", { stays: true })];
  assert.deepEqual(arrange(["a"], people, 2), ["screen", "a"]);
});

test("whoever speaks is large until another does", () => {
  const others = ["a", "b", "c"];
  assert.equal(nextSpeaker(undefined, [], others), "a");
  assert.equal(nextSpeaker("a", ["b"], others), "b");
  assert.equal(nextSpeaker("a", ["b", "a"], others), "a");
  assert.equal(nextSpeaker("b", [], others), "b");
  assert.equal(nextSpeaker("b", ["me"], others), "b");
  assert.equal(nextSpeaker("gone", [], others), "a");
  assert.equal(nextSpeaker("a", [], []), undefined);
});
