// The doorstep: what is tried and chosen there, agreeing to be recorded, and a short way in.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  desktop,
  fits,
  heading,
  isInside,
  knock,
  make,
  named,
  open,
  phone,
  quiet,
  seesOneself,
  shot,
  signIn,
  tally,
  waits,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";
import { deviceTroubles } from "./device-troubles.mjs";

export async function door() {
  const ada = await open({ name: "ada", ...desktop });
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  const room = named("doorstep");
  await make(ada, "/meetings", { room_name: room, lobby: "off" });
  const link = `${base}/m/${room}`;

  await deviceTroubles(link);
  await tally.check("the speaker test plays three notes, and helps whoever hears none", () => testsSpeaker(link));
  await tally.check("the background is blurred, by nobody else's files", () => blurs(link));
  await tally.check("name, devices and blur are remembered", () => remembers(link));
  await tally.check("with a known name, two taps lead from the link into the meeting", () => twoTaps(link));
  await tally.check("the lobby is still there after the page was loaded again", () => lobbyStays(ada));
  await tally.check("whoever is going to be recorded agrees before they come in, or goes home", () => consents(ada));
  await ada.close();
}

const picture = (window) => window.page.locator(".preview video");

/** Runs in the page: listens to whatever it plays. */
function listenIn() {
  const { play } = HTMLMediaElement.prototype;
  window.loudest = 0;
  HTMLMediaElement.prototype.play = function () {
    if (this instanceof HTMLAudioElement && this.srcObject) {
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      context.createMediaStreamSource(this.srcObject).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        window.loudest = Math.max(window.loudest, ...samples.map(Math.abs));
      }, 50);
      this.addEventListener("emptied", () => clearInterval(timer));
    }
    return play.call(this);
  };
}

async function testsSpeaker(link) {
  const window = await open({ name: "listener", ...phone });
  await window.page.addInitScript(listenIn);
  await window.page.goto(link);
  await window.page.getByText("Microphone, camera and speaker").click();
  await button(window, "Test the speaker").click();
  await button(window, "Playing three notes …").waitFor();
  await button(window, "Yes").waitFor();
  const loudest = await window.page.evaluate(() => window.loudest);
  assert.ok(loudest > 0.05, `the loudest sample is ${loudest}`);
  await accessible(window, "was it heard?");
  await fits(window);
  await shot(window, "speaker-question");
  await button(window, "Yes").click();
  await window.page.getByText("Good: you will hear the others.").waitFor();

  await button(window, "Test the speaker").click();
  await button(window, "No").click();
  await window.page.getByText("Turn up the volume of your device").waitFor();
  await accessible(window, "nothing was heard");
  await fits(window);
  await shot(window, "speaker-unheard");
  quiet(window);
  await window.close();
}

/** How much neighbouring points of the own picture differ: less of it is a picture out of focus. */
const sharpness = (window) =>
  picture(window).evaluate((video) => {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let at = 0; at + 4 * width < data.length; at += 4)
      sum += (data[at + 1] - data[at + 5]) ** 2 + (data[at + 1] - data[at + 4 * width + 1]) ** 2;
    return sum / (data.length / 4);
  });

async function blurs(link) {
  const window = await open({ name: "shy", ...desktop });
  const fetched = [];
  window.page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await window.page.goto(link);
  await seesOneself(window);
  const isBackground = (path) => path.startsWith("/app/background/");
  assert.ok(!fetched.some(isBackground), "nothing of it is loaded before it is wanted");
  await shot(window, "blur-off");
  const before = await sharpness(window);

  await button(window, "Blur the background").click();
  await eventually(
    async () => (await button(window, "Blur the background").getAttribute("aria-pressed")) === "true",
    "the blur is remembered",
  );
  await seesOneself(window);
  const after = await eventually(
    async () => {
      const now = await sharpness(window).catch(() => before);
      return now > 0 && now < before / 2 && now;
    },
    `less than half of the sharpness ${before}`,
    40,
  );
  console.log(`        sharpness ${before.toFixed(1)} before, ${after.toFixed(1)} blurred`);
  assert.ok(fetched.some(isBackground), "it is loaded from here");
  await accessible(window, "blurred");
  await shot(window, "blur-on");
  await button(window, "Blur the background").click();
  await eventually(async () => (await sharpness(window).catch(() => 0)) > before / 2, "the sharp picture again");
  quiet(window);
  await window.close();
}

async function remembers(link) {
  const window = await open({ name: "creature-of-habit", ...desktop });
  await window.page.goto(link);
  await seesOneself(window);
  await window.page.getByText("Microphone, camera and speaker").click();
  const chosen = {};
  for (const label of ["Microphone", "Speaker"]) {
    const select = window.page.getByLabel(label, { exact: true }).and(window.page.locator("select"));
    const names = await select.locator("option").allInnerTexts();
    assert.ok(names.length > 1, `${label}: ${names.join(", ")}`);
    chosen[label] = names.at(-1);
    await select.selectOption({ label: names.at(-1) });
  }
  await accessible(window, "choosing devices");
  await shot(window, "device-options");
  await window.page.getByLabel("Your name").fill("Hella");
  await button(window, "Blur the background").click();
  await button(window, "Microphone").click();

  await window.page.reload();
  await window.page.getByText("Microphone, camera and speaker").click();
  assert.equal(await window.page.getByLabel("Your name").inputValue(), "Hella");
  await eventually(
    async () => (await button(window, "Blur the background").getAttribute("aria-pressed")) === "true",
    "the blur is remembered",
  );
  await button(window, "Microphone").click();
  for (const [label, name] of Object.entries(chosen)) {
    const select = window.page.getByLabel(label, { exact: true }).and(window.page.locator("select"));
    await eventually(
      () => select.evaluate((element) => element.selectedOptions[0]?.label).then((label) => label === name),
      `${label}: ${name}`,
    );
  }
  quiet(window);
  await window.close();
}

async function twoTaps(link) {
  const window = await open({ name: "regular", ...phone, hasTouch: true, isMobile: true });
  await window.page.goto(link);
  await window.page.getByLabel("Your name").fill("Rita");
  await window.page.addInitScript(() => {
    window.taps = 0;
    window.addEventListener("pointerup", () => (window.taps += 1), true);
  });
  // The first tap is the one on the link, wherever it was sent.
  await window.page.goto("about:blank");
  await window.page.goto(link);
  await shot(window, "doorstep-known");
  const join = button(window, "Join meeting");
  await join.waitFor();
  const box = await join.boundingBox();
  assert.ok(box && box.y + box.height <= phone.viewport.height, `the button ends at ${box?.y + box?.height}`);
  await join.tap();
  await isInside(window);
  assert.equal(await window.page.evaluate(() => window.taps), 1, "the second tap leads inside");
  quiet(window);
  await window.close();
}

async function lobbyStays(ada) {
  const room = named("patient-room");
  await make(ada, "/meetings", { room_name: room, lobby: "everyone" });
  for (const size of [phone, desktop]) {
    const window = await open({ name: "patient", ...size });
    await window.page.goto(`${base}/m/${room}`);
    await knock(window, "Pat");
    await waits(window);
    const since = await window.page.getByText(/^Waiting since/).innerText();
    await window.page.reload();
    await waits(window);
    assert.equal(await window.page.getByText(/^Waiting since/).innerText(), since);
    await accessible(window, "the lobby, loaded again");
    await fits(window);
    await shot(window, `lobby-again-${size.colorScheme}`);
    quiet(window);
    await window.close();
  }
}

async function consents(ada) {
  const room = named("on-record");
  await make(ada, "/meetings", { room_name: room, lobby: "off", auto_record: true });
  const known = await open({ name: "informed", ...phone });
  await known.page.goto(`${base}/m/${room}`);
  await known.page.getByText("This meeting is recorded as soon as somebody is in it.").waitFor();
  await button(known, "Join and be recorded").waitFor();
  assert.equal(await button(known, "Join meeting").count(), 0);
  await accessible(known, "the door of a recorded meeting");
  await fits(known);
  await shot(known, "consent-door");
  quiet(known);
  await known.close();

  for (const size of [phone, desktop]) {
    // Somebody has the door open already when the meeting is changed to be recorded.
    const later = named(`later-${size.colorScheme}`);
    const { id } = await make(ada, "/meetings", { room_name: later, lobby: "off" });
    const window = await open({ name: "surprised", ...size });
    await window.page.goto(`${base}/m/${later}`);
    await button(window, "Join meeting").waitFor();
    await change(ada, id, { auto_record: true });
    await knock(window, "Sue");
    await heading(window, "This meeting is recorded").waitFor();
    assert.equal(await window.page.evaluate(() => window.peers.length), 0, "nobody connects before they agree");
    await accessible(window, "agreeing");
    await fits(window);
    await shot(window, `consent-${size.colorScheme}`);
    await button(window, "Do not join").click();
    await window.page.waitForURL(`${base}/`);

    await window.page.goto(`${base}/m/${later}`);
    await button(window, "Join and be recorded").click();
    await isInside(window);
    quiet(window);
    await window.close();
  }
}

/** Changes a meeting as the page of its host would. */
async function change(window, id, data) {
  const { request } = window.page;
  const address = `${base}/meetings/${id}`;
  const tag = (await request.get(address)).headers().etag;
  const answer = await request.patch(address, { data, headers: { origin: base, "if-match": tag } });
  assert.ok(answer.ok(), await answer.text());
}
