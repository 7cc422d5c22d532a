// A meeting from the home page to the end: a host, a guest who comes through the lobby, and one without any device.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  closePanel,
  comeIn,
  desktop,
  enter,
  fits,
  heading,
  isInside,
  knock,
  meets,
  more,
  open,
  openPanel,
  phone,
  quiet,
  shot,
  signIn,
  startFromHome,
  tally,
  tileOf,
  waits,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

export async function aCall() {
  const ada = await open({ name: "ada", ...desktop });
  const bob = await open({ name: "bob", ...phone });
  let roomName;
  const started = await tally.check("a host signs in and starts a meeting from the home page", async () => {
    await signIn(ada);
    roomName = await startFromHome(ada);
  });
  if (!started) return;

  await tally.check("a guest finds it by its name", () => joinFromHome(bob, roomName));
  await tally.check("the doorstep shows the own picture and the microphone's level", () => seesItself(ada));
  const inside = await tally.check("the host goes in, and lets the guest in from the lobby", async () => {
    await enter(ada, "Ada");
    await throughTheLobby(ada, bob);
  });
  if (!inside) return console.log(`        ${[...ada.faults, ...bob.faults].join("\n        ")}`);
  await tally.check("Ada sees and hears Bob", () => meets(ada, "Bob"));
  await tally.check("Bob sees and hears Ada", () => meets(bob, "Ada"));
  await shot(ada, "call-ada");
  await shot(bob, "call-bob");
  await tally.check("the call fits a window of 320 px", () => fits(bob));
  await tally.check("a guest is marked as one, and runs nothing", async () => {
    await tileOf(ada, "Bob").getByText("(guest)").waitFor();
    assert.equal(await tileOf(bob, "Ada").getByText("(guest)").count(), 0);
    await openPanel(bob);
    assert.equal(await bob.page.getByText("Meeting", { exact: true }).count(), 0);
    assert.equal(await button(bob, "More about Ada").count(), 0);
    await closePanel(bob);
  });
  await tally.check("the home page lists the meeting as going on", () => listedLive(roomName));
  await tally.check("a third joins without any device and is seen by name", () =>
    withoutDevices(ada, roomName),
  );
  await tally.check("a guest who is denied is told so, and one who leaves the lobby is off the list", () =>
    notLetIn(ada, roomName),
  );
  await tally.check("a muted microphone shows, and devices can be chosen in the call", () =>
    switches(ada, bob),
  );
  await tally.check("a guest who loads the page again comes back as the same, without a lobby", () =>
    comesBack(ada, bob),
  );
  await leaving(ada, bob);
  await tally.check("no error, no CSP violation, no foreign host (Ada)", () => quiet(ada));
  await tally.check("no error, no CSP violation, no foreign host (Bob)", () => quiet(bob));
  await ada.close();
}

/** Types the name of a meeting that exists, Capitals and all, and ends on its doorstep. */
async function joinFromHome(window, roomName) {
  await window.page.goto(base);
  const field = window.page.getByLabel("Link or name of a meeting");
  await field.fill(roomName.toUpperCase().replaceAll("-", " "));
  await button(window, "Join").click();
  await window.page.waitForURL(new RegExp(`/m/${roomName}$`));
}

async function seesItself(window) {
  const video = window.page.locator(".preview video");
  await eventually(() => video.evaluate((element) => element.videoWidth > 0), "the preview shows a picture");
  const level = window.page.getByLabel("Microphone level");
  await eventually(() => level.evaluate((element) => element.value > 0), "the level moves");
}

async function throughTheLobby(ada, bob) {
  await knock(bob, "Bob");
  await waits(bob);
  await fits(bob);
  await shot(bob, "lobby-bob");
  await ada.page.locator(".lobby-call").getByText("Bob is waiting to be let in.").waitFor();
  await shot(ada, "lobby-note");

  await bob.page.reload();
  await waits(bob);
  // Long enough for the reloaded page to have asked.
  await bob.page.waitForResponse((response) => response.url().endsWith("/lobby-ticket") && response.ok());
  const panel = await openPanel(ada);
  await shot(ada, "lobby-panel");
  const admits = panel.getByRole("button", { name: "Admit Bob", exact: true });
  assert.equal(await admits.count(), 1, "a reload keeps the place in the lobby");
  await admits.click();
  await closePanel(ada);
  await isInside(bob);
}

async function listedLive(roomName) {
  const window = await open({ name: "visitor", ...desktop });
  await signIn(window);
  const live = window.page.getByRole("region", { name: "Live now" });
  // The list is asked for again by itself.
  const row = live.getByRole("listitem").filter({ hasText: roomName });
  await row.getByText("Ada").waitFor();
  await shot(window, "home-live");
  quiet(window);
  await window.close();
}

async function withoutDevices(ada, roomName) {
  const cleo = await open({ name: "cleo", devices: false, ...phone });
  try {
    await cleo.page.goto(`${base}/m/${roomName}`);
    await cleo.page.getByText("The browser may not use the microphone and camera.").waitFor();
    await comeIn(cleo, "Cleo", ada);
    await tileOf(ada, "Cleo").waitFor();
    await meets(cleo, "Ada");
    await meets(cleo, "Bob");
    await accessible(ada, "three in a call, one by name only");
    await shot(ada, "call-three");
    await shot(cleo, "call-cleo");
    quiet(cleo);
  } finally {
    await cleo.close();
  }
  await tileOf(ada, "Cleo").waitFor({ state: "detached" });
}

async function notLetIn(ada, roomName) {
  const dan = await open({ name: "dan", ...phone });
  try {
    await dan.page.goto(`${base}/m/${roomName}`);
    await knock(dan, "Dan");
    await waits(dan);
    const panel = await openPanel(ada);
    const inPanel = (name) => panel.getByRole("button", { name, exact: true });
    await inPanel("Admit Dan").waitFor();
    await button(dan, "Leave the lobby").click();
    await heading(dan, "You have left the lobby").waitFor();
    // Far sooner than a place is given up whose holder no longer asks.
    await inPanel("Admit Dan").waitFor({ state: "detached", timeout: 10_000 });

    await button(dan, "Join again").click();
    await knock(dan, "Dan");
    await waits(dan);
    await inPanel("Deny Dan").click();
    await dan.page.getByText("The host did not let you in.").waitFor();
    await shot(dan, "denied");
    await closePanel(ada);
    quiet(dan, ["403", "/token"]);
  } finally {
    await dan.close();
  }
}

async function switches(ada, bob) {
  const mutedBob = tileOf(ada, "Bob").locator("[data-lk-muted=true]");
  await button(bob, "Microphone").click();
  await mutedBob.first().waitFor();
  await button(bob, "Microphone").click();
  await more(bob, "Devices");
  await bob.page.getByLabel("Microphone", { exact: true }).and(bob.page.locator("select")).waitFor();
  await shot(bob, "call-devices");
  await bob.page.keyboard.press("Escape");
}

async function comesBack(ada, bob) {
  await bob.page.reload();
  await button(bob, "Join meeting").click();
  await isInside(bob);
  await eventually(async () => (await tileOf(ada, "Bob").count()) === 1, "there is one Bob");
  await meets(ada, "Bob");
}

async function leaving(ada, bob) {
  await tally.check("closing the window leaves, and the other sees it", async () => {
    // The window itself goes, as when somebody closes a tab; nothing is said to the page before.
    await bob.page.close({ runBeforeUnload: false });
    await ada.page.getByText("Nobody else is here yet").waitFor({ timeout: 20_000 });
    await accessible(ada, "alone in a call");
    await shot(ada, "call-alone");
  });
  await tally.check("the button leaves and leads to the page after the call", async () => {
    await button(ada, "Leave").click();
    await heading(ada, "You have left the meeting").waitFor();
    await shot(ada, "left");
  });
  await tally.check("one can join again from there", async () => {
    await button(ada, "Join again").click();
    await button(ada, "Join meeting").click();
    await ada.page.getByText("Nobody else is here yet").waitFor();
    await button(ada, "Leave").click();
    await heading(ada, "You have left the meeting").waitFor();
  });
}
