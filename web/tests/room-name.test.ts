// Names of meetings: what the form refuses, what it mends, what it suggests.
import assert from "node:assert/strict";
import { test } from "vitest";
import { faultOf, roomNameIn, suggestedName, tidied } from "../lib/room-name";

test("letters, digits and single dashes between them are a name, 3 to 64 in all", () => {
  for (const name of ["abc", "blue-heron", "4-2-0", "a".repeat(64)])
    assert.equal(faultOf(name), undefined, name);
});

test("each fault is told apart", () => {
  assert.equal(faultOf(""), "tooShort");
  assert.equal(faultOf("ab"), "tooShort");
  assert.equal(faultOf("a".repeat(65)), "tooLong");
  for (const name of ["Blue", "blue heron", "büro", "a|b|c", "a_b_c", "abc\n"])
    assert.equal(faultOf(name), "characters", name);
  for (const name of ["-blue", "blue-", "blue--heron", "---"]) assert.equal(faultOf(name), "dashes", name);
});

test("what somebody meant is kept where it can be", () => {
  assert.equal(tidied("  Blue Heron! "), "blue-heron");
  assert.equal(tidied("Café du Nord"), "cafe-du-nord");
  assert.equal(tidied("Ada's -- room"), "adas-room");
});

test("the name is read from the address", () => {
  assert.equal(roomNameIn("/m/blue-heron"), "blue-heron");
  assert.equal(roomNameIn("/m/blue-heron/"), "blue-heron");
  assert.equal(roomNameIn("/m/b%C3%BCro"), "büro");
  assert.equal(roomNameIn("/m/%"), "%");
  assert.equal(roomNameIn("/m/blue-heron/more"), "blue-heron/more");
  assert.equal(roomNameIn("/m"), "");
});

test("whatever lot is drawn, the suggestion is a name", () => {
  for (let lot = 0; lot < 1; lot += 0.001) assert.equal(faultOf(suggestedName(() => lot)), undefined);
});
