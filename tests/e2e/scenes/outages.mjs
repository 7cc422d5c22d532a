// A call survives what happens to the house: Redis away, the API away, and LiveKit gone with everything that it knew.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import { suffer } from "../house.mjs";
import {
  base,
  button,
  desktop,
  enter,
  leave,
  make,
  meets,
  more,
  named,
  note,
  open,
  phone,
  shot,
  signIn,
  tally,
  tileOf,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("outage-room");
const LOST = "The connection was lost. Connecting again …";

export async function outages() {
  const ada = await open({ name: "ada", ...desktop });
  const bob = await open({ name: "bob", ...phone });
  const ready = await tally.check("two people are in a call, each as they like it", async () => {
    await signIn(ada);
    await button(ada, "Start meeting").waitFor();
    await make(ada, "/meetings", { room_name: ROOM, lobby: "off" });
    for (const [window, person] of [
      [ada, "Ada"],
      [bob, "Bob"],
    ]) {
      await window.page.goto(`${base}/m/${ROOM}`);
      await enter(window, person);
      // A page that is loaded again would forget this.
      await window.page.evaluate(() => (window.isTheSame = true));
    }
    await meets(ada, "Bob");
    await meets(bob, "Ada");
    await more(ada, "Show whoever is speaking");
    await ada.page.locator(".pictures .large").waitFor();
    await button(ada, "Camera").click();
    await eventually(() => pressed(ada, "Camera", "false"), "Ada's camera is off");
    await button(ada, "Raise hand").click();
    await tileOf(bob, "Ada").locator(".hand-mark").waitFor();
  });
  if (!ready) return;

  await tally.check("Redis goes and comes, and the call goes on", () => without("redis", ada));
  await tally.check("the API goes and comes, and the call goes on", () => without("api", ada));
  await tally.check("LiveKit goes, and both are told so where they are", async () => {
    await suffer("kill livekit");
    for (const window of [ada, bob]) {
      await note(window, LOST).waitFor();
      await accessible(window, "reconnecting");
      await shot(window, `call-reconnecting-${window.name}`);
    }
  });
  await tally.check("LiveKit comes, and both are back in the call as they left it", async () => {
    await suffer("start livekit");
    await backAgain(ada, bob);
  });
  await tally.check(
    "LiveKit and the API go for longer than LiveKit's client waits, and both come back",
    async () => {
      await suffer("kill livekit");
      await suffer("kill api");
      await note(ada, LOST).waitFor();
      // Longer than that, nobody in the call is known to the client.
      await eventually(
        async () => (await tileOf(ada, "Bob").count()) + (await tileOf(bob, "Ada").count()) === 0,
        "LiveKit's client has given up",
        90,
      );
      // What is decided meanwhile holds: nobody comes back to be heard who has switched their microphone off.
      await button(ada, "Microphone").click();
      await eventually(() => pressed(ada, "Microphone", "false"), "Ada's microphone is off");
      // The API does not begin without LiveKit; whoever wants back waits for both.
      await suffer("start livekit");
      await suffer("start api");
      await backAgain(ada, bob);
      assert.ok(await pressed(ada, "Microphone", "false"), "Ada's microphone stays off");
      await tileOf(bob, "Ada").locator("[data-lk-muted=true]").waitFor();
    },
  );
  await tally.check("somebody can leave while the connection is lost", async () => {
    await suffer("kill livekit");
    await note(bob, LOST).waitFor();
    await leave(bob);
    await suffer("start livekit");
  });
  await tally.check("no CSP violation, no foreign host, and nothing thrown", () => {
    for (const window of [ada, bob]) {
      assert.deepEqual(window.strangers(), []);
      const thrown = window.faults.filter((fault) => fault.startsWith("exception") || fault.includes("CSP"));
      assert.deepEqual(thrown, []);
    }
  });
  for (const window of [ada, bob]) await window.close();
}

const pressed = async (window, name, on) => (await button(window, name).getAttribute("aria-pressed")) === on;

async function without(part, ada) {
  await suffer(`kill ${part}`);
  await meets(ada, "Bob");
  await suffer(`start ${part}`);
  await meets(ada, "Bob");
}

async function backAgain(ada, bob) {
  const word = (window) => note(window, LOST);
  for (const window of [ada, bob]) await word(window).waitFor({ state: "detached", timeout: 90_000 });
  await tileOf(bob, "Ada").waitFor();
  await meets(ada, "Bob");
  for (const window of [ada, bob])
    assert.ok(await window.page.evaluate(() => window.isTheSame), "the page is the same");
  assert.ok(await pressed(ada, "Camera", "false"), "Ada's camera stays off");
  assert.ok(await pressed(bob, "Camera", "true"), "Bob's camera is on");
  assert.ok(await pressed(bob, "Microphone", "true"), "Bob's microphone is on");
  await ada.page.locator(".pictures .large", { hasText: "Bob" }).waitFor();
  await tileOf(bob, "Ada").locator(".hand-mark").waitFor();
}
