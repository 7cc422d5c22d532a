// Three people look at each other in every way there is: grid, speaker, pinned, a shared screen, a small window.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  desktop,
  enter,
  fits,
  leave,
  make,
  meets,
  more,
  named,
  note,
  open,
  phone,
  quiet,
  shot,
  signIn,
  tally,
  tileOf,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("views-room");

export async function callViews() {
  const ada = await open({ name: "ada", ...desktop });
  const bob = await open({ name: "bob", ...desktop, colorScheme: "dark" });
  const cleo = await open({ name: "cleo", ...phone });
  const people = [ada, bob, cleo];
  const ready = await tally.check("three people meet, on two desktops and a phone", async () => {
    await signIn(ada);
    await button(ada, "Start meeting").waitFor();
    await make(ada, "/meetings", { room_name: ROOM, lobby: "off" });
    for (const [index, person] of ["Ada", "Bob", "Cleo"].entries()) {
      await people[index].page.goto(`${base}/m/${ROOM}`);
      await enter(people[index], person);
    }
    await meets(ada, "Cleo");
  });
  if (!ready) return;

  await tally.check("the own picture is a mirror, and the others' are not", () => mirrors(ada));
  await tally.check("a grid shows all alike, on a phone, too", () => grids(people));
  await tally.check("one view shows who speaks, and is remembered on the device", () => speaks(ada));
  await tally.check("a pinned picture is large until it is let go", () => pins(bob));
  await tally.check("a shared screen is large, with its sound, and its owner sees that it is shared", () =>
    shares(ada, bob, cleo),
  );
  await tally.check("the call fills the screen, and leaves it again", () => fillsScreen(bob));
  await tally.check("a small window shows who speaks, and has the switches", () => floats(bob));
  await tally.check("microphone, camera, speaker and blur are chosen in the call, and remembered", () =>
    chooses(bob, cleo),
  );
  await tally.check("the keys are listed, and can be switched off", () => listsKeys(bob));
  if (process.env.RECORDER)
    await tally.check(
      "everybody sees and hears that it is recorded, and since when, and that it is over",
      () => recorded(people),
    );
  await tally.check("a host with others around is asked whether they go alone", () => leaves(ada, bob));
  await tally.check("no error, no CSP violation, no foreign host", () => people.forEach((one) => quiet(one)));
  for (const window of people) await window.close();
}

const large = (window) => window.page.locator(".pictures .large");
const largeOf = (window, person) => large(window).locator(".lk-participant-tile", { hasText: person });

async function mirrors(ada) {
  const transform = (tile) => tile.locator("video").evaluate((video) => getComputedStyle(video).transform);
  assert.match(await transform(tileOf(ada, "Ada")), /^matrix\(-1/);
  assert.equal(await transform(tileOf(ada, "Bob")), "none");
}

async function grids([ada, bob, cleo]) {
  for (const window of [ada, bob, cleo]) {
    const tiles = window.page.locator(".seats .lk-participant-tile");
    await eventually(async () => (await tiles.count()) === 3, "three pictures");
    const boxes = await Promise.all((await tiles.all()).map((tile) => tile.boundingBox()));
    assert.equal(new Set(boxes.map(({ width, height }) => `${width}×${height}`)).size, 1, "all alike");
    await accessible(window, "grid");
    await fits(window);
    await shot(window, `call-grid-${window.name}`);
  }
}

async function speaks(ada) {
  await more(ada, "Show whoever is speaking");
  await large(ada).waitFor();
  assert.equal(await large(ada).locator('[data-lk-local-participant="true"]').count(), 0, "not oneself");
  await accessible(ada, "who speaks");
  await shot(ada, "call-speaker");
  await ada.page.reload();
  await button(ada, "Join meeting").click();
  await large(ada).waitFor();
  await more(ada, "Show everybody");
  await large(ada).waitFor({ state: "detached" });
}

async function pins(bob) {
  await tileOf(bob, "Cleo").hover();
  const pin = button(bob, "Pin Cleo");
  await pin.click();
  await largeOf(bob, "Cleo").waitFor();
  assert.equal(await pin.getAttribute("aria-pressed"), "true");
  await accessible(bob, "pinned");
  await eventually(() => layersFollow(bob), "the large one gets a large layer, and the strip small ones", 40);
  await shot(bob, "call-pinned");
  await pin.click();
  await large(bob).waitFor({ state: "detached" });
}

/** Whether what arrives for the large picture is larger than what arrives for those beside it. */
const layersFollow = ({ page }) =>
  page.evaluate(async () => {
    const widths = new Map();
    for (const peer of window.peers)
      for (const stat of (await peer.getStats()).values())
        if (stat.type === "inbound-rtp" && stat.kind === "video")
          widths.set(stat.trackIdentifier, stat.frameWidth);
    const widthIn = (video) => widths.get(video.srcObject?.getVideoTracks()[0]?.id);
    const all = (where) =>
      [
        ...document.querySelectorAll(
          `${where} .lk-participant-tile[data-lk-local-participant="false"] video`,
        ),
      ].map(widthIn);
    const [large, others] = [all(".large"), all(".others")];
    const isSeen = large.length === 1 && others.length > 0;
    return isSeen && large[0] >= 640 && others.every((width) => width <= 320);
  });

async function shares(ada, bob, cleo) {
  await button(ada, "Share screen").click();
  await note(ada, "You are sharing your screen.").waitFor();
  for (const window of [bob, cleo]) {
    const screen = largeOf(window, "Ada’s screen");
    await eventually(
      () => screen.locator("video").evaluateAll((found) => found.some((video) => video.videoWidth > 0)),
      `${window.name} sees the screen`,
    );
    await accessible(window, "shared screen");
    await fits(window);
    await shot(window, `call-share-${window.name}`);
  }
  // Two microphones and the sound of what is shared.
  await eventually(async () => (await soundsAt(bob)) >= 3, "three sounds arrive");
  assert.equal(
    await ada.page.locator('video[data-lk-source="screen_share"]').count(),
    0,
    "no hall of mirrors",
  );
  await shot(ada, "call-sharing");
  await button(ada, "Stop sharing").click();
  await large(bob).waitFor({ state: "detached" });
}

/** How many sounds arrive at a page. */
const soundsAt = ({ page }) =>
  page.evaluate(async () => {
    const sounds = async () => {
      const found = new Map();
      for (const peer of window.peers)
        for (const stat of (await peer.getStats()).values())
          if (stat.type === "inbound-rtp" && stat.kind === "audio") found.set(stat.id, stat.packetsReceived);
      return found;
    };
    const before = await sounds();
    await new Promise((done) => setTimeout(done, 500));
    return [...(await sounds())].filter(([id, packets]) => packets > (before.get(id) ?? 0)).length;
  });

async function fillsScreen(bob) {
  const fills = () => bob.page.evaluate(() => document.fullscreenElement !== null);
  await more(bob, "Full screen");
  await eventually(fills, "the page fills the screen");
  await more(bob, "Leave full screen");
  await eventually(async () => !(await fills()), "the page is a window again");
}

async function floats(bob) {
  const opened = bob.page.context().waitForEvent("page");
  await more(bob, "Small window");
  const small = await opened;
  await small.getByRole("button", { name: "Leave", exact: true }).waitFor();
  await eventually(
    () => small.locator("video").evaluateAll((found) => found.some((video) => video.videoWidth > 0)),
    "a picture in it",
  );
  await small.getByRole("button", { name: "Camera", exact: true }).click();
  await eventually(
    async () => (await button(bob, "Camera").getAttribute("aria-pressed")) === "false",
    "the call knows",
  );
  await shot({ page: small }, "call-small-window");
  await small.getByRole("button", { name: "Camera", exact: true }).click();
  await more(bob, "Small window");
  await eventually(() => small.isClosed(), "it closes");
}

async function chooses(bob, cleo) {
  await more(bob, "Devices");
  const microphone = bob.page.getByLabel("Microphone", { exact: true }).and(bob.page.locator("select"));
  await microphone.locator("option").nth(1).waitFor({ state: "attached" });
  const others = await microphone.locator("option").evaluateAll((all) => all.map(({ value }) => value));
  const other = others.find((value) => value !== "default") ?? others[0];
  await microphone.selectOption(other);
  await accessible(bob, "devices");
  await shot(bob, "call-devices-desktop");
  const kept = () =>
    bob.page.evaluate(() => JSON.parse(localStorage.getItem("meetbox.choices")).microphoneId);
  assert.equal(await kept(), other);
  await bob.page.keyboard.press("Escape");

  await more(cleo, "Devices");
  await cleo.page.getByRole("dialog").waitFor();
  await fits(cleo);
  await accessible(cleo, "devices");
  await shot(cleo, "call-devices-phone");
  await cleo.page.keyboard.press("Escape");
}

async function listsKeys(bob) {
  const pressed = async () => button(bob, "Microphone").getAttribute("aria-pressed");
  await bob.page.keyboard.press("?");
  const list = bob.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await list.waitFor();
  await accessible(bob, "keys");
  await shot(bob, "call-keys");
  await list.getByLabel("Use these keys").uncheck();
  await bob.page.keyboard.press("Escape");
  await list.waitFor({ state: "detached" });
  await bob.page.keyboard.press("m");
  assert.equal(await pressed(), "true", "the letter is not heard");
  await bob.page.keyboard.press("?");
  await list.getByLabel("Use these keys").check();
  await bob.page.keyboard.press("Escape");
  await bob.page.keyboard.press("m");
  await eventually(async () => (await pressed()) === "false", "the letter is heard");
}

async function recorded([ada, bob, cleo]) {
  const { id } = await make(ada, "/recordings/start", { room_name: ROOM });
  for (const window of [ada, bob, cleo]) {
    const mark = window.page.locator(".recording-mark");
    await mark.waitFor({ timeout: 60_000 });
    // Said to screen readers, who do not hear every second of the clock.
    await window.page.getByRole("status").getByText("Being recorded since").waitFor({ state: "attached" });
    const told = await mark.textContent();
    assert.match(told, /^Recording \d+:\d\d$/);
    await eventually(async () => (await mark.textContent()) !== told, "the time goes on");
    await accessible(window, "recorded");
    await shot(window, `call-recorded-${window.name}`);
  }
  await ada.page.request.post(`${base}/recordings/stop`, {
    data: { recording_id: id },
    headers: { origin: base },
  });
  for (const window of [ada, bob, cleo])
    await window.page.locator(".recording-mark").waitFor({ state: "detached", timeout: 60_000 });
}

async function leaves(ada, bob) {
  await button(ada, "Leave").click();
  await ada.page.getByRole("menuitem", { name: "End for everybody" }).waitFor();
  await accessible(ada, "leaving");
  await shot(ada, "call-leave");
  await ada.page.keyboard.press("Escape");
  await leave(ada);
  await tileOf(bob, "Ada").waitFor({ state: "detached" });
  await leave(bob);
}
