// Every way out of a call has a page of its own, which says why and has the step that makes sense then.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  PICTURE_TOO_LATE,
  base,
  button,
  closePanel,
  desktop,
  enter,
  fits,
  heading,
  isInside,
  knock,
  leave,
  make,
  named,
  open,
  openPanel,
  openPerson,
  phone,
  quiet,
  shot,
  signIn,
  tally,
  tileOf,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("ways-out-room");

export async function waysOut() {
  const ada = await open({ name: "ada", ...desktop });
  const bob = await open({ name: "bob", ...phone });
  const ready = await tally.check("a host and a guest are in a meeting", async () => {
    await signIn(ada);
    await button(ada, "Start meeting").waitFor();
    await make(ada, "/meetings", { room_name: ROOM, lobby: "off" });
    await goIn(ada, "Ada");
    await goIn(bob, "Bob");
    await tileOf(ada, "Bob").waitFor();
  });
  if (!ready) return;

  await tally.check("who leaves can join again or go home", () => leftByOneself(bob));
  await tally.check("who joined elsewhere is told so, and can use it here instead", () =>
    joinedElsewhere(bob),
  );
  await tally.check("a meeting that cannot be joined says so, and leads to the connection test", notJoined);
  await tally.check("a locked meeting has a page of its own", () => locked(ada));
  await tally.check("who was removed is told that it was a host", () => removed(ada, bob));
  await tally.check("the end is told to everybody, and its host goes home", () => ended(ada));
  await tally.check("no error, no CSP violation, no foreign host", () => {
    quiet(ada, ["404", "/lobby"], PICTURE_TOO_LATE);
    quiet(bob, ["403", "/token"]);
  });
  for (const window of [ada, bob]) await window.close();
}

async function goIn(window, person) {
  await window.page.goto(`${base}/m/${ROOM}`);
  await enter(window, person);
}

/** The page has this heading, which has the focus, and these buttons and links. */
async function leads(window, title, ...steps) {
  await heading(window, title).waitFor();
  const card = window.page.locator("main .card");
  const found = await card.locator("button, a").allTextContents();
  assert.deepEqual(found, steps, title);
  const focused = await window.page.evaluate(() => document.activeElement?.textContent);
  assert.equal(focused, title, "a screen reader goes on from the heading");
  await accessible(window, title);
  await fits(window);
}

async function leftByOneself(bob) {
  await leave(bob);
  await leads(bob, "You have left the meeting", "Join again", "Home");
  await button(bob, "Join again").click();
  await button(bob, "Join meeting").click();
  await isInside(bob);
}

async function joinedElsewhere(bob) {
  // Another tab of the same window is the same person.
  const other = await bob.page.context().newPage();
  const tab = { ...bob, page: other };
  const ticket = await bob.page.evaluate(() => ({ ...sessionStorage }));
  await other.addInitScript(
    (kept) => Object.entries(kept).forEach(([key, value]) => sessionStorage.setItem(key, value)),
    ticket,
  );
  await goIn(tab, "Bob");
  await leads(bob, "You are in this meeting elsewhere", "Use it here instead", "Home");
  await shot(bob, "left-elsewhere");
  await button(bob, "Use it here instead").click();
  await isInside(bob);
  await leads(tab, "You are in this meeting elsewhere", "Use it here instead", "Home");
  await other.close();
}

async function notJoined() {
  const dora = await open({ name: "dora", ...phone });
  // Nobody answers where the API says that LiveKit is.
  await dora.page.routeWebSocket(/\/rtc/, (socket) => socket.close({ code: 1011 }));
  await dora.page.route(/\/rtc\/.*validate/, (route) => route.abort());
  await dora.page.goto(`${base}/m/${ROOM}`);
  await knock(dora, "Dora");
  await leads(dora, "The meeting could not be joined", "Try again", "Home", "Test your connection");
  await shot(dora, "left-unreachable");
  await dora.close();
}

async function locked(ada) {
  await openPanel(ada);
  await button(ada, "Lock meeting").click();
  await ada.page.getByText("It is locked: nobody else can join.").waitFor();
  const late = await open({ name: "late", ...phone });
  await late.page.goto(`${base}/m/${ROOM}`);
  await knock(late, "Late");
  await leads(late, "The meeting is locked", "Try again", "Home");
  quiet(late, ["403", "/token"]);
  await late.close();
  await button(ada, "Unlock meeting").click();
  await ada.page.getByText("It is open to everybody who may join.").waitFor();
  await closePanel(ada);
}

async function removed(ada, bob) {
  const tools = await openPerson(ada, "Bob");
  await tools.getByRole("button", { name: "Remove Bob" }).click();
  await button(ada, "Remove").click();
  await leads(bob, "A host has removed you", "Home", "Join again");
  await shot(bob, "left-removed");
  await closePanel(ada);
}

async function ended(ada) {
  const guest = await open({ name: "gus", ...phone });
  await goIn(guest, "Gus");
  await tileOf(ada, "Gus").waitFor();
  await button(ada, "Leave").click();
  await ada.page.getByRole("menuitem", { name: "End for everybody" }).click();
  await button(ada, "End it").click();
  for (const window of [ada, guest]) await leads(window, "The meeting is over", "Home", "Join again");
  await shot(guest, "left-ended");
  await shot(ada, "left-ended-host");
  quiet(guest);
  await ada.page.getByRole("link", { name: "Home", exact: true }).click();
  await eventually(async () => new URL(ada.page.url()).pathname === "/", "the host is at home");
  await guest.close();
}
