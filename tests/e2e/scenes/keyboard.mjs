// A whole meeting by keyboard alone: from the link to leaving, without one press of a mouse.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  desktop,
  enter,
  heading,
  isInside,
  make,
  meets,
  named,
  open,
  quiet,
  shot,
  signIn,
  tally,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("keyboard-room");

export async function keyboard() {
  const ada = await open({ name: "ada", ...desktop });
  const kim = await open({ name: "kim", ...desktop });
  const ready = await tally.check("a meeting goes on", async () => {
    await signIn(ada);
    await button(ada, "Start meeting").waitFor();
    await make(ada, "/meetings", { room_name: ROOM, lobby: "off" });
    await ada.page.goto(`${base}/m/${ROOM}`);
    await enter(ada, "Ada");
  });
  if (!ready) return;

  await tally.check("somebody opens the link, types a name and is in", () => comesIn(kim));
  await tally.check("the others see and hear them", () => meets(ada, "Kim"));
  await tally.check("letters switch microphone, camera and view", () => letters(ada, kim));
  await tally.check("the space bar is held while talking", () => talks(kim));
  await tally.check("letters that are typed are only letters", () => types(kim));
  await tally.check("a picture is pinned", () => pins(kim));
  await tally.check("the menu is walked with the arrows, and a sheet gives the focus back", () =>
    walksMenu(kim),
  );
  await tally.check("somebody leaves, and stands on the heading of the page after it", () => leaves(kim));
  await tally.check("no error, no CSP violation, no foreign host", () => quiet(kim));
  for (const window of [ada, kim]) await window.close();
}

const press = (window, ...keys) =>
  keys.reduce((before, key) => before.then(() => window.page.keyboard.press(key)), Promise.resolve());

/** What has the focus, in the words of a screen reader. */
const focused = ({ page }) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return (
      element?.getAttribute("aria-label") ?? element?.labels?.[0]?.textContent ?? element?.textContent?.trim()
    );
  });

/** Presses Tab until something of that name has the focus. */
async function tabTo(window, name) {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(window)) === name) return;
    await press(window, "Tab");
  }
  assert.fail(`no way to ${name}; the focus is on ${await focused(window)}`);
}

const isOn = async (window, name) => (await button(window, name).getAttribute("aria-pressed")) === "true";
const turns = (window, name, on) =>
  eventually(async () => (await isOn(window, name)) === on, `${name} is ${on ? "on" : "off"}`);

async function comesIn(kim) {
  await kim.page.goto(`${base}/m/${ROOM}`);
  await button(kim, "Join meeting").waitFor();
  await tabTo(kim, "Your name");
  await kim.page.keyboard.type("Kim");
  await press(kim, "Enter");
  await isInside(kim);
}

async function letters(ada, kim) {
  await turns(kim, "Microphone", true);
  await press(kim, "m");
  await turns(kim, "Microphone", false);
  await press(kim, "m");
  await turns(kim, "Microphone", true);
  await press(kim, "v");
  await turns(kim, "Camera", false);
  await press(kim, "v");
  await turns(kim, "Camera", true);
  await press(kim, "l");
  await kim.page.locator(".pictures .large").waitFor();
  await press(kim, "l");
  await kim.page.locator(".pictures .large").waitFor({ state: "detached" });
  await press(kim, "f");
  await eventually(
    () => kim.page.evaluate(() => document.fullscreenElement !== null),
    "the page fills the screen",
  );
  await press(kim, "f");
  await eventually(() => kim.page.evaluate(() => document.fullscreenElement === null), "and leaves it");
  await press(kim, "s");
  await ada.page.getByText("Kim’s screen").waitFor();
  await press(kim, "s");
  await ada.page.getByText("Kim’s screen").waitFor({ state: "detached" });
}

async function talks(kim) {
  await press(kim, "m");
  await turns(kim, "Microphone", false);
  await kim.page.evaluate(() => document.activeElement?.blur());
  await kim.page.keyboard.down("Space");
  await turns(kim, "Microphone", true);
  await kim.page.keyboard.up("Space");
  await turns(kim, "Microphone", false);
}

async function types(kim) {
  await kim.page.keyboard.press("?");
  await kim.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await accessible(kim, "keys");
  await press(kim, "v", "Escape");
  await kim.page.getByRole("dialog").waitFor({ state: "detached" });
  assert.ok(await isOn(kim, "Camera"), "a dialog is not the call");
  await press(kim, "Control+v");
  assert.ok(await isOn(kim, "Camera"), "the browser's own keys are its own");
}

async function pins(kim) {
  await tabTo(kim, "Pin Ada");
  await shot(kim, "call-keyboard");
  await press(kim, "Enter");
  await kim.page.locator(".pictures .large", { hasText: "Ada" }).waitFor();
  await tabTo(kim, "Pin Ada");
  await press(kim, "Enter");
  await kim.page.locator(".pictures .large").waitFor({ state: "detached" });
}

async function walksMenu(kim) {
  await tabTo(kim, "More");
  const lands = (on) => eventually(async () => (await focused(kim)) === on, `the focus is on ${on}`);
  await press(kim, "Enter");
  await lands("Show whoever is speaking");
  await press(kim, "ArrowDown");
  await lands("Devices");
  await press(kim, "Enter");
  await kim.page.getByRole("dialog", { name: "Devices" }).waitFor();
  await press(kim, "Escape");
  await kim.page.getByRole("dialog").waitFor({ state: "detached" });
  await lands("More");
}

async function leaves(kim) {
  await tabTo(kim, "Leave");
  await press(kim, "Enter");
  await heading(kim, "You have left the meeting").waitFor();
  assert.equal(await focused(kim), "You have left the meeting");
  await accessible(kim, "left");
}
