// The ways into the app and into a meeting: addresses, secrets in links, and what a tab keeps.
import assert from "node:assert/strict";
import { test } from "vitest";
import type { Token } from "@meetbox/client";
import { afterAnswer, afterRefusal, entranceOf, keepsWaiting } from "../lib/door";
import { doorstepFrom, stillWaits } from "../lib/doorstep";
import { invitationIn, setupSecretIn } from "../lib/fragment";
import { oidcStart, ownPath, signInFor } from "../lib/return-to";

const token: Token = {
  token: "a.b.c",
  url: "ws://127.0.0.1:7880",
  expires_at: "2026-01-01T00:00:00Z",
  identity: "guest-1",
  role: "speaker",
  room_name: "blue-heron",
  meeting_id: "m-1",
  auto_record: false,
  ticket: "meetbox_ticket_1",
};

test("after signing in somebody gets to a page of ours, whatever the address says", () => {
  for (const path of ["/", "/m/blue-heron", "/app/recordings?page=2", "/m/blue-heron#people"])
    assert.equal(ownPath(path), path);
  for (const foreign of [
    null,
    "",
    "m/blue-heron",
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/m/..//evil.example",
    "javascript:alert(1)",
  ])
    assert.equal(ownPath(foreign), "/", String(foreign));
});

test("the sign-in page is told where to lead back to", () => {
  assert.equal(signInFor("/"), "/app/sign-in");
  const address = new URL(signInFor("/m/blue-heron"), "http://here.invalid");
  assert.equal(ownPath(address.searchParams.get("return_to")), "/m/blue-heron");
  assert.equal(oidcStart("/m/blue-heron?a=b"), "/oidc/start?return_to=%2Fm%2Fblue-heron%3Fa%3Db");
});

test("secrets are read from behind the #, each from its own link", () => {
  const random = "A-b_9".repeat(8);
  assert.equal(setupSecretIn(`#meetbox_setup_${random}`), `meetbox_setup_${random}`);
  assert.equal(invitationIn(`#invitation=meetbox_invitation_${random}`), `meetbox_invitation_${random}`);
  for (const hash of [
    "",
    "#",
    "#content",
    `#meetbox_invitation_${random}`,
    "#meetbox_setup_",
    "#meetbox_setup_a b",
  ])
    assert.equal(setupSecretIn(hash), undefined, hash);
  for (const hash of [
    "",
    "#invitation=",
    `#invitation=meetbox_setup_${random}`,
    `#meetbox_invitation_${random}`,
  ])
    assert.equal(invitationIn(hash), undefined, hash);
});

test("what a tab keeps survives a reload, and whatever else is stored does no harm", () => {
  const kept = { ticket: "meetbox_ticket_1", invitation: "meetbox_invitation_1", waitedAt: 1000 };
  assert.deepEqual(doorstepFrom(JSON.stringify(kept)), {
    ...kept,
    waitingSince: undefined,
    agreed: undefined,
  });
  for (const odd of [null, "", "not json", "null", "[]", '{"ticket":1,"waitedAt":"soon"}'])
    assert.equal(doorstepFrom(odd).ticket, undefined);
});

test("a place in the lobby is kept over a reload, and not for longer than the API keeps it", () => {
  assert.equal(stillWaits({ waitedAt: 1_000 }, 5_000), true);
  assert.equal(stillWaits({ waitedAt: 1_000 }, 31_000), false);
  assert.equal(stillWaits({ ticket: "meetbox_ticket_1" }, 5_000), false);
});

test("an invitation is kept until it has let somebody in", () => {
  const waiting = {
    state: "waiting",
    waiting_since: "2026-01-01T00:00:00Z",
    ticket: "meetbox_ticket_1",
  } as const;
  assert.deepEqual(entranceOf(waiting), { in: false });
  assert.deepEqual(afterAnswer(waiting, 7), {
    ticket: "meetbox_ticket_1",
    waitedAt: 7,
    waitingSince: "2026-01-01T00:00:00Z",
  });

  assert.deepEqual(entranceOf(token), { in: true, token });
  const inside = afterAnswer(token, 7);
  assert.equal(inside.ticket, "meetbox_ticket_1");
  assert.ok("invitation" in inside && inside.invitation === undefined);
  assert.ok("waitedAt" in inside && inside.waitedAt === undefined);
  assert.ok(!("ticket" in afterAnswer({ ...token, ticket: undefined }, 7)), "who is signed in has none");
});

test("a refusal ends the waiting, and an outage does not", () => {
  for (const code of ["lobby-denied", "meeting-locked", "removed-from-meeting", "meeting-not-found"])
    assert.equal(keepsWaiting({ message: "", code }), false, code);
  for (const code of [undefined, "rate-limited", "busy", "database-unavailable", "internal"])
    assert.equal(keepsWaiting({ message: "", code }), true, code);
});

test("an invitation that is no longer good is not shown again", () => {
  assert.ok("invitation" in afterRefusal({ message: "", code: "invitation-invalid" }));
  assert.ok(!("invitation" in afterRefusal({ message: "", code: "passcode-wrong" })));
  assert.deepEqual(afterRefusal({ message: "" }), {});
});
