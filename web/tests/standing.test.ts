// What LiveKit tells of people and the meeting, read as our API means it.
import assert from "node:assert/strict";
import { test } from "vitest";
import { Track } from "livekit-client";
import {
  isGuest,
  isLocked,
  mayPublish,
  nameOf,
  recordedSince,
  roleOf,
  tokenLetsPublish,
} from "../lib/standing";

const { Camera, Microphone, ScreenShare } = Track.Source;

test("whoever has no name is called by their identity", () => {
  assert.equal(nameOf({ name: "Ada", identity: "a1" }), "Ada");
  assert.equal(nameOf({ name: "", identity: "a1" }), "a1");
  assert.equal(nameOf({ identity: "a1" }), "a1");
});

test("role and guest are read from the attributes, and nothing is made up", () => {
  assert.equal(roleOf({ "meetbox.role": "viewer" }), "viewer");
  assert.equal(roleOf({ "meetbox.role": "king" }), undefined);
  assert.equal(roleOf(undefined), undefined);
  assert.equal(isGuest({ "meetbox.guest": "true" }), true);
  assert.equal(isGuest({ "meetbox.guest": "no" }), false);
  assert.equal(isGuest(undefined), false);
});

test("a meeting is locked only when its room says so", () => {
  assert.equal(isLocked('{"locked": true}'), true);
  for (const metadata of [undefined, "", "{}", '{"locked": false}', '{"locked": "true"}', "null", "not json"])
    assert.equal(isLocked(metadata), false, metadata);
});

test("a meeting is recorded only when its room says since when", () => {
  const since = "2026-11-25T10:00:00Z";
  assert.equal(
    recordedSince(`{"locked": false, "recording": {"since": "${since}"}}`)?.getTime(),
    Date.parse(since),
  );
  for (const metadata of [
    undefined,
    "",
    "{}",
    '{"recording": null}',
    '{"recording": {"since": 5}}',
    "null",
    "not json",
  ])
    assert.equal(recordedSince(metadata), undefined, metadata);
});

test("permissions name sources, and leave none out when they name none", () => {
  assert.equal(mayPublish(undefined, Camera), true);
  assert.equal(mayPublish({ canPublish: false, canPublishSources: [] }, Camera), false);
  assert.equal(mayPublish({ canPublish: true, canPublishSources: [] }, ScreenShare), true);
  assert.equal(mayPublish({ canPublish: true, canPublishSources: [2] }, Microphone), true);
  assert.equal(mayPublish({ canPublish: true, canPublishSources: [2] }, Camera), false);
});

test("a token says beforehand what may be published", () => {
  const tokenWith = (video: unknown) =>
    `e30.${Buffer.from(JSON.stringify({ name: "Žofie ?>", video })).toString("base64url")}.sig`;
  assert.equal(tokenLetsPublish(tokenWith({ canPublish: true }), Camera), true);
  assert.equal(tokenLetsPublish(tokenWith({ canPublish: false }), Camera), false);
  const onlySound = tokenWith({ canPublish: true, canPublishSources: ["microphone"] });
  assert.equal(tokenLetsPublish(onlySound, Microphone), true);
  assert.equal(tokenLetsPublish(onlySound, Camera), false);
  assert.equal(tokenLetsPublish("no token", Camera), true, "LiveKit has the last word");
});
