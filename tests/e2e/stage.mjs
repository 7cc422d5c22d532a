// What every scene needs: the browser, windows, and the things that people do in them.
import assert from "node:assert/strict";
import { launch, openWindow, received } from "./browser.mjs";
import { Pictures } from "./pictures.mjs";
import { base, host } from "./setting.mjs";
import { eventually, Tally } from "./tally.mjs";

export { base, host };

export const desktop = { viewport: { width: 1200, height: 760 }, colorScheme: "light" };
export const phone = { viewport: { width: 320, height: 640 }, colorScheme: "dark" };

export const tally = new Tally();
export const browser = await launch();
export const open = (options) => openWindow(browser, base, options);
const pictures = new Pictures(browser, process.argv[2] ?? process.env.SCREENS);
export const shot = (window, name) => pictures.take(window, name);
export const button = (window, name) => window.page.getByRole("button", { name, exact: true });
export const heading = (window, name) => window.page.getByRole("heading", { name, exact: true });
export const tileOf = (window, person) => window.page.locator(".lk-participant-tile", { hasText: person });

export async function signIn(window, path = "/app/sign-in", who = host) {
  await window.page.goto(`${base}${path}`);
  await window.page.getByLabel("Email address").fill(who.email);
  await window.page.getByLabel("Password").fill(who.password);
  await button(window, "Sign in").click();
}

/** Signs out by the menu under one's own name. */
export async function signOut(window) {
  await window.page.getByRole("group", { name: "Your account" }).getByRole("button").click();
  await window.page.getByRole("menuitem", { name: "Sign out" }).click();
  await window.page.getByRole("link", { name: "Sign in", exact: true }).waitFor();
}

/** Starts a meeting from the home page, which shows who is signed in, and ends on its doorstep. Answers its name. */
export async function startFromHome(window) {
  await button(window, "Start meeting").waitFor();
  await button(window, "Start meeting").click();
  await window.page.waitForURL(/\/m\/[a-z0-9-]+$/);
  return new URL(window.page.url()).pathname.slice("/m/".length);
}

// Where the first account is there already, a run may follow another on the same database.
const run = process.env.SETUP_LINK ? "" : `-${Date.now().toString(36)}`;
export const named = (name) => `${name}${run}`;

/** Asks the API to make something, as a page of whoever is signed in would. */
export async function make(window, path, data) {
  // With a cookie, writes must come from a page of the site.
  const answer = await window.page.request.post(`${base}${path}`, {
    data,
    headers: { origin: base },
  });
  assert.equal(answer.status(), 201, await answer.text());
  return answer.json();
}

/** Tells a name on the doorstep and presses the button. */
export async function knock(window, person) {
  await window.page.getByLabel("Your name").fill(person);
  await shot(window, `doorstep-${window.name}`);
  await button(window, "Join meeting").click();
}

export const isInside = (window) =>
  window.page.locator('.lk-participant-tile[data-lk-local-participant="true"]').waitFor();

export const waits = (window) => heading(window, "You are in the lobby").waitFor();

export async function enter(window, person) {
  await knock(window, person);
  await isInside(window);
}

/** Opens the list of people, with which hosts also run a meeting, unless it is open. */
export async function openPanel(window) {
  const panel = sideOf(window, "Participants");
  if (!(await panel.isVisible())) {
    const opener = window.page.getByRole("button", { name: /^Participants: / });
    // A phone's bar has no room for it.
    if (await opener.isVisible()) await opener.click();
    else await more(window, "Participants");
  }
  await panel.waitFor();
  return panel;
}

/** The panel beside the pictures: on a phone it is a dialog. */
export const sideOf = (window, name) => window.page.locator(`#call-side[aria-label="${name}"]`);

export async function closePanel(window) {
  const side = window.page.locator("#call-side");
  if (!(await side.isVisible())) return;
  await button(window, "Close panel").click();
  await side.waitFor({ state: "detached" });
}

/** Opens what a host can decide about somebody, unless it is open. */
export async function openPerson(window, person) {
  const panel = await openPanel(window);
  const more = panel.getByRole("button", { name: `More about ${person}`, exact: true });
  if ((await more.getAttribute("aria-expanded")) === "false") await more.click();
  return panel.getByRole("group", { name: `More about ${person}`, exact: true });
}

/** Gives a role by what `openPerson` answers. */
export const give = (tools, role) =>
  tools.getByRole("group", { name: /^Role of / }).getByRole("button", { name: role, exact: true }).click();

/** A line over the pictures; whoever listens to the page is told the same in a place of its own. */
export const note = (window, words) => window.page.locator(".call-notes .note", { hasText: words });

/** Chooses from the menu with what is not needed every minute. */
export async function more(window, label) {
  await button(window, "More").click();
  await window.page.getByRole("menuitem", { name: label, exact: true }).click();
}

/** Leaves by the button, which asks a host with others around whether they go alone. */
export async function leave(window) {
  await button(window, "Leave").click();
  const alone = window.page.getByRole("menuitem", { name: "Leave the meeting" });
  const left = heading(window, "You have left the meeting");
  await alone.or(left).waitFor();
  if (await alone.isVisible()) await alone.click();
  await left.waitFor();
}

/** Lets somebody in who waits. */
export async function admit(window, person) {
  // The call in the corner has a button of that name, too, until the panel is open.
  const panel = await openPanel(window);
  await panel.getByRole("button", { name: `Admit ${person}`, exact: true }).click();
  await closePanel(window);
}

/** On the doorstep, the own picture runs. */
export const seesOneself = (window) =>
  eventually(
    () =>
      window.page
        .locator(".preview video")
        .evaluateAll((found) => found.some((video) => video.videoWidth > 0 && !video.paused)),
    "the own picture",
    40,
  );

/** A guest comes through the lobby. */
export async function comeIn(guest, person, hostWindow) {
  await knock(guest, person);
  await waits(guest);
  await admit(hostWindow, person);
  await isInside(guest);
}

/** More energy than silence has: the fake microphone beeps once a second. */
const HEARD = 1e-6;

/** The picture of the other one is on the screen, and frames and sound keep coming. */
export async function meets(window, person) {
  const tile = window.page.locator('.lk-participant-tile[data-lk-local-participant="false"]', {
    hasText: person,
  });
  await eventually(
    () => tile.locator("video").evaluateAll((found) => found.some((video) => video.videoWidth > 0)),
    `a picture of ${person}`,
    40,
  );
  const before = await received(window.page);
  const rising = async () => {
    const now = await received(window.page);
    const enough =
      now.framesDecoded >= before.framesDecoded + 10 && now.audioEnergy > before.audioEnergy + HEARD;
    return enough && now;
  };
  const after = await eventually(rising, `frames and sound rise above ${JSON.stringify(before)}`);
  console.log(
    `        ${window.name}: ${after.framesDecoded} frames decoded, ${after.audioEnergy.toFixed(4)} of sound's energy`,
  );
}

export async function fits(window) {
  const wide = await window.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the window`);
  // A call does not scroll: what is too wide for it is cut off.
  const cut = await window.page
    .locator(".call-bar button:visible, #call-side:visible, dialog[open]:visible")
    .evaluateAll((found) =>
      found
        .filter((element) => {
          const { left, right, top, bottom } = element.getBoundingClientRect();
          return left < 0 || right > innerWidth || top < 0 || bottom > innerHeight;
        })
        .map((element) => element.ariaLabel ?? element.textContent),
    );
  assert.deepEqual(cut, [], "cut off by the window");
}

// LiveKit's client says this when its server hangs up first, as at the end for all; the page tells what follows from it.
const HUNG_UP = /DataChannel error on|data channel '\w+' closed unexpectedly/;

/** Refusals that the page tells in words are errors to the browser's console: `[status, path]` each. */
export function otherFaults(window, ...expected) {
  const faults = window.faults.filter((fault) => !HUNG_UP.test(fault));
  return faults.filter(
    (fault) => !expected.some(([status, path]) => fault.includes(status) && fault.endsWith(path)),
  );
}

/** LiveKit's client calls it an error when the picture of somebody comes who has left meanwhile, or has joined anew. */
export const PICTURE_TOO_LATE = ["Tried to add a track for a participant, that's not present", ""];

export function quiet(window, ...expected) {
  assert.deepEqual(otherFaults(window, ...expected), []);
  assert.deepEqual(window.strangers(), []);
}
