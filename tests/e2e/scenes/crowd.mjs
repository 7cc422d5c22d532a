// Twelve people: nobody is sent a picture larger than their tile, and nobody who is not on the page is sent at all.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  desktop,
  enter,
  fits,
  leave,
  make,
  more,
  named,
  open,
  quiet,
  shot,
  signIn,
  tally,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("crowd-room");
const OTHERS = 11;
const laptop = { ...desktop, viewport: { width: 1440, height: 900 } };

export async function crowd() {
  const ada = await open({ name: "ada", ...laptop });
  let people;
  try {
    const ready = await tally.check("twelve people are in a meeting", async () => {
      await signIn(ada);
      await button(ada, "Start meeting").waitFor();
      await make(ada, "/meetings", { room_name: ROOM, lobby: "off" });
      people = await gather();
      await ada.page.goto(`${base}/m/${ROOM}`);
      await enter(ada, "Ada");
      await eventually(async () => (await tilesOf(ada)).length === OTHERS, "all pictures move", 60);
    });
    if (!ready) return;
    await tally.check("no tile of a grid of twelve gets a layer larger than itself", () => layersFit(ada));
    await tally.check("what nobody looks at is not sent, and one's own picture has layers", () =>
      dynacast(ada),
    );
    await tally.check("with one large, only who is in the strip beside them is sent", () => speakerView(ada));
    await tally.check("tracks off the page are paused, and go on when the page is turned", () => pages(ada));
    await tally.check("whoever speaks off the page is brought onto it", () => brings(ada, people));
    await leave(ada);
    await tally.check("no error, no CSP violation, no foreign host", () => quiet(ada));
  } finally {
    people?.leave();
    await ada.close();
  }
}

/** Guests by the dozen, all in one process of LiveKit's own Node SDK. */
async function gather() {
  const asked = Array.from({ length: OTHERS }, async (_, index) => {
    const answer = await fetch(`${base}/token`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: base },
      body: JSON.stringify({ room_name: ROOM, name: `Guest ${index + 1}` }),
    });
    assert.equal(answer.status, 200, `token ${index}`);
    return answer.json();
  });
  const tokens = await Promise.all(asked);
  const script = fileURLToPath(new URL("../crowd.mjs", import.meta.url));
  const args = [script, tokens[0].url, ...tokens.map(({ token }) => token)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  // The kit's own log comes the same way.
  const ready = new Promise((tell) =>
    createInterface({ input: child.stdout }).on("line", (line) => line === "ready" && tell(true)),
  );
  const isIn = await Promise.race([ready, once(child, "exit").then(() => false)]);
  assert.ok(isIn, "the crowd is in");
  return {
    tell: (command) => child.stdin.write(`${command}\n`),
    leave: () => child.stdin.end("leave\n"),
  };
}

/** Every picture of another one that is on the page and moves: its name, its place and what arrives for it. */
async function tilesOf(window) {
  const { seen, arrives } = await look(window);
  const moving = new Map(arrives.filter(({ rises }) => rises).map((one) => [one.track, one]));
  return seen
    .filter(({ track }) => moving.has(track))
    .map((tile) => ({ ...tile, ...moving.get(tile.track) }));
}

/** What is on the page, and what arrives within a second and a half, on the page or not. */
const look = ({ page }) =>
  page.evaluate(async () => {
    const inbound = async () => {
      const found = new Map();
      for (const peer of window.peers)
        for (const stat of (await peer.getStats()).values())
          if (stat.type === "inbound-rtp" && stat.kind === "video") found.set(stat.trackIdentifier, stat);
      return found;
    };
    const before = await inbound();
    await new Promise((done) => setTimeout(done, 1_500));
    const after = await inbound();
    const tiles = document.querySelectorAll('.lk-participant-tile[data-lk-local-participant="false"]');
    const seen = [...tiles].map((tile) => {
      const video = tile.querySelector("video");
      return {
        name: tile.querySelector(".name").textContent,
        large: tile.closest(".large") !== null,
        track: video?.srcObject?.getVideoTracks()[0]?.id,
        tileWidth: tile.clientWidth,
        tileHeight: tile.clientHeight,
      };
    });
    const arrives = [...after].map(([track, stat]) => ({
      track,
      width: stat.frameWidth,
      height: stat.frameHeight,
      rises: stat.packetsReceived > (before.get(track)?.packetsReceived ?? 0),
    }));
    return { seen, arrives };
  });

const sizes = (tiles) =>
  tiles.map((tile) => `${tile.name}: ${tile.width}×${tile.height} in ${tile.tileWidth}×${tile.tileHeight}`);

async function layersFit(ada) {
  const fit = async () => {
    const tiles = await tilesOf(ada);
    const isIn = ({ width, height, tileWidth, tileHeight }) => width <= tileWidth && height <= tileHeight;
    return tiles.length === OTHERS && tiles.every(isIn) && tiles;
  };
  const tiles = await eventually(fit, "every layer fits its tile", 40);
  console.log(`        ${sizes(tiles).join("\n        ")}`);
  await accessible(ada, "twelve people");
  await shot(ada, "call-crowd");
}

async function dynacast(ada) {
  const sent = () =>
    ada.page.evaluate(async () => {
      const layers = [];
      for (const peer of window.peers)
        for (const stat of (await peer.getStats()).values())
          if (stat.type === "outbound-rtp" && stat.kind === "video")
            layers.push([stat.rid, stat.packetsSent]);
      return layers.sort();
    });
  const layers = await sent();
  assert.deepEqual(
    layers.map(([rid]) => rid),
    ["f", "h", "q"],
  );
  // The crowd subscribes to nobody.
  await eventually(async () => {
    const before = await sent();
    await new Promise((done) => setTimeout(done, 1_500));
    return JSON.stringify(await sent()) === JSON.stringify(before);
  }, "nothing is sent to nobody");
}

async function speakerView(ada) {
  await more(ada, "Show whoever is speaking");
  const onlyShown = async () => {
    const { seen, arrives } = await look(ada);
    const shown = new Set(seen.map(({ track }) => track));
    const rising = arrives.filter(({ rises }) => rises);
    const isRight = seen.some(({ large }) => large) && seen.length < OTHERS && rising.length === seen.length;
    return isRight && rising.every(({ track }) => shown.has(track)) && seen;
  };
  await eventually(onlyShown, "the large one and the strip arrive, and nobody else", 40);
  await shot(ada, "call-crowd-speaker");
  await more(ada, "Show everybody");
}

async function pages(ada) {
  await ada.page.setViewportSize({ width: 320, height: 640 });
  const onPage = async () => {
    const { seen, arrives } = await look(ada);
    const shown = new Set(seen.map(({ track }) => track));
    const rising = arrives.filter(({ rises }) => rises);
    const isRight = rising.length === seen.length && rising.every(({ track }) => shown.has(track));
    return isRight && seen.length > 0 && seen.length < OTHERS && seen.map(({ name }) => name);
  };
  const first = await eventually(onPage, "only the page arrives", 40);
  await accessible(ada, "a page of people");
  await fits(ada);
  await shot(ada, "call-crowd-phone");
  await button(ada, "Next").click();
  const turned = async () => {
    const names = await onPage();
    return names && names.every((name) => !first.includes(name)) && names;
  };
  const second = await eventually(turned, "only the other page arrives", 40);
  console.log(`        first ${first.join(", ")}; then ${second.join(", ")}`);
  await button(ada, "Previous").click();
}

async function brings(ada, people) {
  const shown = () => ada.page.locator(".lk-participant-tile .name").allTextContents();
  const before = await shown();
  const away = Array.from({ length: OTHERS }, (_, index) => index).find(
    (index) => !before.includes(`Guest ${index + 1}`),
  );
  people.tell(`speak ${away}`);
  await eventually(async () => (await shown()).includes(`Guest ${away + 1}`), "the speaker is on the page");
  const after = await shown();
  assert.equal(before.filter((name) => !after.includes(name)).length, 1, "one has made room");
  people.tell("hush");
  await ada.page.setViewportSize(laptop.viewport);
}
