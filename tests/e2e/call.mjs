// Two people meet through the pages of a running Meetbox and see and hear each other.
//
//   BASE_URL=http://127.0.0.1:3001 node call.mjs [folder for screenshots]
//
// CHROMIUM names the browser when it is not /usr/bin/chromium. The last line is `N passed, N failed`.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, openWindow, received } from "./browser.mjs";
import { eventually, Tally } from "./tally.mjs";

const base = process.env.BASE_URL;
if (!base) {
  console.error("error: BASE_URL is not set\n\nhint: BASE_URL=http://127.0.0.1:3001 node call.mjs");
  process.exit(1);
}
const pictures = process.argv[2];
if (pictures) mkdirSync(pictures, { recursive: true });

const tally = new Tally();
const browser = await launch();
const shot = (window, name) => pictures && window.page.screenshot({ path: join(pictures, `${name}.png`) });
const button = (window, name) => window.page.getByRole("button", { name, exact: true });
const desktop = { viewport: { width: 1200, height: 760 }, colorScheme: "light" };
const phone = { viewport: { width: 320, height: 640 }, colorScheme: "dark" };

/** Starts a meeting from the home page and ends on its doorstep. Answers the meeting's name. */
async function startFromHome(window) {
  await window.page.goto(base);
  const field = window.page.getByLabel("Name of the meeting");
  await eventually(() => field.inputValue(), "a name is suggested");
  await shot(window, "home");
  await button(window, "Start meeting").click();
  await window.page.waitForURL(/\/m\/[a-z0-9-]+$/);
  return new URL(window.page.url()).pathname.slice("/m/".length);
}

/** Types the name of a meeting that exists, Capitals and all, and ends on its doorstep. */
async function joinFromHome(window, roomName) {
  await window.page.goto(base);
  const field = window.page.getByLabel("Name of the meeting");
  await eventually(() => field.inputValue(), "a name is suggested");
  await field.fill(roomName.toUpperCase().replaceAll("-", " "));
  await button(window, "Join").click();
  await window.page.waitForURL(new RegExp(`/m/${roomName}$`));
}

async function enter(window, person) {
  await window.page.getByLabel("Your name").fill(person);
  await shot(window, `doorstep-${window.name}`);
  await button(window, "Join meeting").click();
  await window.page.locator('.lk-participant-tile[data-lk-local-participant="true"]').waitFor();
}

async function seesItself(window) {
  const video = window.page.locator(".preview video");
  await eventually(() => video.evaluate((element) => element.videoWidth > 0), "the preview shows a picture");
  const level = window.page.getByLabel("Microphone level");
  await eventually(() => level.evaluate((element) => element.value > 0), "the level moves");
}

/** The picture of the other one is on the screen, and frames and sound keep coming. */
async function meets(window, person) {
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
      now.framesDecoded >= before.framesDecoded + 10 && now.audioBytes >= before.audioBytes + 500;
    return enough && now;
  };
  const after = await eventually(rising, `frames and sound rise above ${JSON.stringify(before)}`);
  console.log(
    `        ${window.name}: ${after.framesDecoded} frames decoded, ${after.audioBytes} bytes of sound`,
  );
}

async function fits(window) {
  const wide = await window.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the window`);
}

function quiet(window) {
  assert.deepEqual(window.faults, []);
  assert.deepEqual(window.strangers(), []);
}

async function aCall() {
  const ada = await openWindow(browser, base, { name: "ada", ...desktop });
  const bob = await openWindow(browser, base, { name: "bob", ...phone });
  let roomName;
  const started = await tally.check("a meeting starts from the home page", async () => {
    roomName = await startFromHome(ada);
  });
  if (!started) return;

  await tally.check("the other finds it by its name", () => joinFromHome(bob, roomName));
  await tally.check("the doorstep shows the own picture and the microphone's level", () => seesItself(ada));
  const inside = await tally.check("both go in", async () => {
    await enter(ada, "Ada");
    await enter(bob, "Bob");
  });
  if (!inside) return console.log(`        ${[...ada.faults, ...bob.faults].join("\n        ")}`);
  await tally.check("Ada sees and hears Bob", () => meets(ada, "Bob"));
  await tally.check("Bob sees and hears Ada", () => meets(bob, "Ada"));
  await shot(ada, "call-ada");
  await shot(bob, "call-bob");
  await tally.check("the call fits a window of 320 px", () => fits(bob));
  await tally.check("the home page lists the meeting as going on", () => listedLive(roomName));
  await tally.check("a third joins without any device and is seen by name", () =>
    withoutDevices(ada, roomName),
  );
  await tally.check("a muted microphone shows, and devices can be chosen in the call", () =>
    switches(ada, bob),
  );
  await leaving(ada, bob);
  await tally.check("no error, no CSP violation, no foreign host (Ada)", () => quiet(ada));
  await tally.check("no error, no CSP violation, no foreign host (Bob)", () => quiet(bob));
  await ada.close();
}

async function listedLive(roomName) {
  const window = await openWindow(browser, base, { name: "visitor", ...desktop });
  const section = window.page.locator("section.meetings", { hasText: "Going on now" });
  const listed = async () => {
    await window.page.goto(base);
    await window.page.waitForLoadState("networkidle");
    return section.getByText(roomName).isVisible();
  };
  await eventually(listed, `${roomName} under "Going on now"`);
  await shot(window, "home-live");
  quiet(window);
  await window.close();
}

async function withoutDevices(ada, roomName) {
  const cleo = await openWindow(browser, base, { name: "cleo", devices: false, ...phone });
  try {
    await cleo.page.goto(`${base}/m/${roomName}`);
    await cleo.page.getByText("may not use the camera").waitFor();
    await cleo.page.getByText("may not use the microphone").waitFor();
    await enter(cleo, "Cleo");
    await ada.page.locator(".lk-participant-tile", { hasText: "Cleo" }).waitFor();
    await meets(cleo, "Ada");
    await meets(cleo, "Bob");
    await shot(ada, "call-three");
    await shot(cleo, "call-cleo");
    quiet(cleo);
  } finally {
    await cleo.close();
  }
  await ada.page.locator(".lk-participant-tile", { hasText: "Cleo" }).waitFor({ state: "detached" });
}

async function switches(ada, bob) {
  const mutedBob = ada.page
    .locator(".lk-participant-tile", { hasText: "Bob" })
    .locator("[data-lk-muted=true]");
  await button(bob, "Microphone").click();
  await mutedBob.first().waitFor();
  await button(bob, "Microphone").click();
  await button(bob, "Devices").click();
  await bob.page.getByLabel("Microphone", { exact: true }).and(bob.page.locator("select")).waitFor();
  await shot(bob, "call-devices");
  await bob.page.keyboard.press("Escape");
}

async function leaving(ada, bob) {
  await tally.check("closing the window leaves, and the other sees it", async () => {
    // The window itself goes, as when somebody closes a tab; nothing is said to the page before.
    await bob.page.close({ runBeforeUnload: false });
    await ada.page.getByText("Nobody else is here yet").waitFor({ timeout: 20_000 });
    await shot(ada, "call-alone");
  });
  await tally.check("the button leaves and leads to the page after the call", async () => {
    await button(ada, "Leave").click();
    await ada.page.getByRole("heading", { name: "You have left the meeting" }).waitFor();
    await shot(ada, "left");
  });
  await tally.check("one can join again from there", async () => {
    await button(ada, "Join again").click();
    await button(ada, "Join meeting").click();
    await ada.page.getByText("Nobody else is here yet").waitFor();
    await button(ada, "Leave").click();
    await ada.page.getByRole("heading", { name: "You have left the meeting" }).waitFor();
  });
}

/** What went wrong besides the 404 of the page at `path`, which the browser reports of itself. */
function otherFaults(window, path) {
  return window.faults.filter((fault) => !(fault.includes("404") && fault.endsWith(path)));
}

async function otherPages() {
  await tally.check("a faulty name is explained in the form and at its address", async () => {
    const window = await openWindow(browser, base, { name: "typo", ...phone });
    await window.page.goto(base);
    const field = window.page.getByLabel("Name of the meeting");
    await eventually(() => field.inputValue(), "a name is suggested");
    await field.fill("ab");
    await button(window, "Start meeting").click();
    await window.page.getByText("Use at least 3 characters.").waitFor();
    await fits(window);
    await shot(window, "home-fault");
    await window.page.goto(`${base}/m/no--good`);
    await window.page.getByRole("heading", { name: "There can be no meeting here" }).waitFor();
    assert.deepEqual(otherFaults(window, "/m/no--good"), []);
    await window.close();
  });
  await tally.check("an address that nothing claims says so", async () => {
    const window = await openWindow(browser, base, { name: "lost", ...desktop });
    const response = await window.page.goto(`${base}/app/nothing-here`);
    assert.equal(response.status(), 404);
    await window.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await shot(window, "not-found");
    assert.deepEqual(otherFaults(window, "/app/nothing-here"), []);
    await window.close();
  });
  await tally.check("Swagger UI shows the API", async () => {
    const window = await openWindow(browser, base, { name: "docs", ...desktop });
    await window.page.goto(`${base}/docs`);
    await window.page.locator(".opblock", { hasText: "/token" }).first().waitFor();
    await shot(window, "docs");
    quiet(window);
    await window.close();
  });
}

try {
  await aCall();
  await otherPages();
} finally {
  await browser.close();
}
process.exit(tally.end());
