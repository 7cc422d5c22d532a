// A device that does not start: what the browser's refusal means, and what people are told to do in theirs.
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { browserOf } from "../lib/browser";
import { recordedIn } from "../lib/door";
import { mayBeAskedAgain, named, remedy, troubleInWords, troubleOf, type Trouble } from "../lib/trouble";

const MAC =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15";
vi.stubGlobal("navigator", { userAgent: MAC, maxTouchPoints: 0 });

const refusal = (name: string, message = "") => ({ name, message });

test("a refusal is read with what the browser remembers of the permission", () => {
  assert.equal(troubleOf(refusal("NotAllowedError"), "denied"), "denied");
  assert.equal(troubleOf(refusal("NotAllowedError")), "denied");
  assert.equal(troubleOf(refusal("SecurityError"), "granted"), "denied");
  assert.equal(troubleOf(refusal("NotAllowedError"), "prompt"), "undecided");
  assert.equal(troubleOf(refusal("NotAllowedError", "Permission denied by system"), "prompt"), "system");
});

test("whatever else keeps a device from starting has a name, too", () => {
  const known: Record<string, Trouble> = {
    NotFoundError: "missing",
    OverconstrainedError: "missing",
    NotReadableError: "busy",
    AbortError: "busy",
    TypeError: "failed",
  };
  for (const [name, trouble] of Object.entries(known)) assert.equal(troubleOf(refusal(name)), trouble, name);
  assert.equal(troubleOf(undefined), "failed");
  assert.equal(troubleOf("no"), "failed");
});

test("the remedy is the one of the browser and the system in use", () => {
  assert.match(remedy("denied", ["camera"], "firefox"), /crossed-out sign/);
  assert.match(remedy("denied", ["camera"], "safari"), /Settings for this website/);
  assert.match(remedy("denied", ["microphone"], "chromeAndroid"), /allow the microphone/);
  assert.match(remedy("system", ["camera"], "safari"), /System Settings/);
  assert.match(remedy("insecure", ["camera"], "chrome"), /https/);
});

test("two devices with one trouble are named in one sentence", () => {
  assert.equal(named(["microphone", "camera"]), "microphone and camera");
  assert.equal(troubleInWords("denied", ["camera"]), "The browser may not use the camera.");
});

test("asking again is offered where it can help", () => {
  for (const trouble of ["undecided", "busy", "failed"] as const)
    assert.ok(mayBeAskedAgain(trouble, "chrome"), trouble);
  for (const trouble of ["denied", "system", "missing", "insecure"] as const)
    assert.ok(!mayBeAskedAgain(trouble, "chrome"), trouble);
  // It forgets a "no" as soon as it is asked again.
  assert.ok(mayBeAskedAgain("denied", browserOf(MAC)));
});

test("there is something to agree to where it is recorded, or will be", () => {
  const since = "2026-01-02T03:04:05Z";
  assert.equal(recordedIn({ auto_record: false }), undefined);
  assert.deepEqual(recordedIn({ auto_record: true }), { always: true, since: undefined });
  assert.deepEqual(recordedIn({ auto_record: false, recorded_since: since }), { always: false, since });
});
