// What people are told: texts with their gaps filled, failures in words, choices read back.
import assert from "node:assert/strict";
import { test } from "vitest";
import { MediaDeviceFailure } from "livekit-client";
import { failureOf } from "../lib/api";
import { choicesFrom } from "../lib/choices";
import { deviceFailure } from "../lib/devices";
import { text } from "../lib/messages";
import { inWords, isFamiliar, signInProblem } from "../lib/problems";

test("placeholders are filled, and an unknown one stays visible", () => {
  assert.equal(text("meetings.joinNamed", { name: "blue-heron" }), "Join blue-heron");
  assert.equal(text("meetings.joinNamed"), "Join {name}");
});

test("a problem document speaks for itself", () => {
  const problem = { title: "Conflict", code: "room-name-taken", detail: "there is one", request_id: "r-1" };
  assert.deepEqual(failureOf(problem, 409), {
    message: "there is one",
    code: "room-name-taken",
    requestId: "r-1",
  });
});

test("anything else that comes back is told with its status, and silence as such", () => {
  assert.equal(failureOf("<html>bad gateway</html>", 502).message, text("error.answer", { status: 502 }));
  assert.equal(failureOf(undefined, undefined).message, text("error.offline"));
});

test("an answer that says when to try again is told with the seconds", () => {
  const problem = { title: "Too many", code: "sign-in-delayed", detail: "try again in 8 seconds" };
  assert.equal(failureOf(problem, 429, "8").retryAfter, 8);
  assert.match(inWords(failureOf(problem, 429, "8")), /in 8 seconds\.$/);
  for (const odd of [null, undefined, "", "soon", "0"])
    assert.equal(inWords(failureOf(problem, 429, odd)), "try again in 8 seconds", String(odd));
});

test("a code that we know has words of ours, and any other the API's", () => {
  const known = { message: "as the API has it", code: "lobby-denied" };
  assert.equal(inWords(known), text("problem.lobbyDenied"));
  assert.equal(isFamiliar(known), true);
  for (const code of [undefined, "never-heard-of", "constructor", "__proto__"]) {
    assert.equal(inWords({ message: "as the API has it", code }), "as the API has it");
    assert.equal(isFamiliar({ message: "", code }), false);
  }
});

test("a problem that somebody is sent back with is told, whatever it is", () => {
  assert.equal(signInProblem("oidc-denied"), text("oidc.denied"));
  for (const odd of ["", "oidc-new", "constructor", "<script>"])
    assert.equal(signInProblem(odd), text("oidc.unknown"));
});

test("a device that does not start is explained", () => {
  assert.match(deviceFailure("camera", MediaDeviceFailure.PermissionDenied, true), /may not use the camera/);
  assert.match(deviceFailure("microphone", undefined, true), /Could not start the microphone/);
  assert.match(deviceFailure("camera", MediaDeviceFailure.Other, false), /only on https/);
});

test("choices survive being stored, and whatever else is stored does no harm", () => {
  const choices = {
    name: "Ada",
    microphone: false,
    camera: true,
    microphoneId: "m1",
    cameraId: undefined,
    speakerId: "s1",
    blur: true,
    lobbySound: false,
  };
  assert.deepEqual(choicesFrom(JSON.stringify(choices)), choices);
  for (const odd of [null, "", "not json", "null", "[]", '{"name":1,"cameraId":{}}']) {
    assert.equal(choicesFrom(odd).name, "");
    assert.equal(choicesFrom(odd).camera, true);
  }
});
