// The doorstep: devices that do not start, what is tried and chosen there, agreeing to be recorded, and a short way in.
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
  shot,
  signIn,
  tally,
  waits,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

export async function door() {
  const ada = await open({ name: "ada", ...desktop });
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  const room = named("doorstep");
  await make(ada, "/meetings", { room_name: room, lobby: "off" });
  const link = `${base}/m/${room}`;

  for (const trouble of troubles)
    await tally.check(`a device that ${trouble.does} is told, and what to do about it`, () => tellsTrouble(link, trouble));
  await tally.check("whoever has neither camera nor microphone comes in all the same", () => comesInWithout(link));
  await tally.check("a device that was refused starts as soon as it is allowed", () => startsOnceAllowed(link));
  await tally.check("the speaker test plays three notes, and helps whoever hears none", () => testsSpeaker(link));
  await tally.check("the background is blurred, by nobody else's files", () => blurs(link));
  await tally.check("name, devices and blur are remembered", () => remembers(link));
  await tally.check("with a known name, two taps lead from the link into the meeting", () => twoTaps(link));
  await tally.check("the lobby is still there after the page was loaded again", () => lobbyStays(ada));
  await tally.check("whoever is going to be recorded agrees before they come in, or goes home", () => consents(ada));
  await ada.close();
}

/** Runs in the page: every device answers with this error, and the browser remembers this permission. */
function refuse({ name, message = "", permission = "granted" }) {
  const refusal = () => Promise.reject(new DOMException(message, name));
  navigator.mediaDevices.getUserMedia = refusal;
  navigator.permissions.query = () => Promise.resolve(Object.assign(new EventTarget(), { state: permission }));
}

/** Runs in the page: what browsers do on plain http from another computer. */
function insecure() {
  Object.defineProperty(window, "isSecureContext", { value: false });
  Object.defineProperty(Navigator.prototype, "mediaDevices", { value: undefined });
}

const agents = {
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  safariIos:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  android:
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
  windows:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
};

const denied = { name: "NotAllowedError", permission: "denied" };
const troubles = [
  {
    does: "is refused",
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "Press the sign at the left end of the address bar",
  },
  {
    does: "is refused in Firefox",
    agent: agents.firefox,
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "take the block away with its ×",
  },
  {
    does: "is refused on an iPhone",
    agent: agents.safariIos,
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "open “Website Settings”",
    again: true,
  },
  {
    does: "is refused on an Android phone",
    agent: agents.android,
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "open “Permissions”",
  },
  {
    does: "is asked for without an answer",
    error: { name: "NotAllowedError", permission: "prompt" },
    says: "The browser asked for the microphone and camera, and got no answer.",
    fix: "When it asks again, choose “Allow”.",
    again: true,
  },
  {
    does: "the computer holds back",
    agent: agents.windows,
    error: { name: "NotAllowedError", message: "Permission denied by system", permission: "granted" },
    says: "This device does not let the browser use the microphone and camera.",
    fix: "Open Settings › Privacy & security",
  },
  {
    does: "is not there",
    error: { name: "NotFoundError" },
    says: "No microphone and camera was found.",
    fix: "Plug one in or switch it on",
  },
  {
    does: "another program uses",
    error: { name: "NotReadableError" },
    says: "The microphone and camera is used by another program.",
    fix: "Close",
    again: true,
  },
  {
    does: "fails for another reason",
    error: { name: "UnknownError" },
    says: "The microphone and camera does not start.",
    fix: "start the browser again",
    again: true,
  },
  {
    does: "is asked for on an insecure page",
    script: insecure,
    says: "Browsers give out the microphone and camera only on https and on this computer itself.",
    fix: "an address that begins with https",
  },
];

const note = (window) => window.page.locator(".note.trouble");

async function tellsTrouble(link, { does, agent, error, script = refuse, says, fix, again = false }) {
  // What is drawn is the same for all of them; the narrow window is the hard one.
  for (const size of error === denied && !agent ? [phone, desktop] : [phone]) {
    const window = await open({ name: does, ...size, ...(agent && { userAgent: agent }) });
    await window.page.addInitScript(script, error);
    await window.page.goto(link);
    await note(window).getByText(says).waitFor();
    await note(window).getByText(fix).waitFor();
    assert.equal(await note(window).count(), 1, "two devices with one trouble are one sentence");
    assert.equal(await button(window, "Ask again").count(), again ? 1 : 0, "asking again");
    await note(window).getByRole("link", { name: "Test your connection" }).waitFor();
    await button(window, "Join meeting").waitFor();
    await accessible(window, does);
    await fits(window);
    await shot(window, `trouble-${does.replaceAll(" ", "-")}-${size.colorScheme}`);
    quiet(window);
    await window.close();
  }
}

async function comesInWithout(link) {
  const window = await open({ name: "bare", ...phone });
  await window.page.addInitScript(refuse, { name: "NotFoundError" });
  await window.page.goto(link);
  await note(window).waitFor();
  await knock(window, "Bea");
  await isInside(window);
  quiet(window);
  await window.close();
}

/** Runs in the page: refuses until the test says otherwise, and tells of it as browsers do. */
function refuseUntilAllowed() {
  const status = Object.assign(new EventTarget(), { state: "denied" });
  const { mediaDevices } = navigator;
  const real = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = (wish) =>
    status.state === "granted" ? real(wish) : Promise.reject(new DOMException("", "NotAllowedError"));
  navigator.permissions.query = () => Promise.resolve(status);
  window.allow = () => {
    status.state = "granted";
    status.dispatchEvent(new Event("change"));
  };
}

async function startsOnceAllowed(link) {
  const window = await open({ name: "second-thought", ...phone });
  await window.page.addInitScript(refuseUntilAllowed);
  await window.page.goto(link);
  await note(window).waitFor();
  await window.page.evaluate(() => window.allow());
  await shows(window);
  assert.equal(await note(window).count(), 0);
  quiet(window);
  await window.close();
}

const picture = (window) => window.page.locator(".preview video");

/** The own picture runs. */
const shows = (window) =>
  eventually(
    () => picture(window).evaluateAll((found) => found.some((video) => video.videoWidth > 0 && !video.paused)),
    "the own picture",
    40,
  );

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
  await shows(window);
  const isBackground = (path) => path.startsWith("/app/background/");
  assert.ok(!fetched.some(isBackground), "nothing of it is loaded before it is wanted");
  await shot(window, "blur-off");
  const before = await sharpness(window);

  await button(window, "Blur the background").click();
  await button(window, "Show the background").waitFor();
  await shows(window);
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
  await button(window, "Show the background").click();
  await eventually(async () => (await sharpness(window).catch(() => 0)) > before / 2, "the sharp picture again");
  quiet(window);
  await window.close();
}

async function remembers(link) {
  const window = await open({ name: "creature-of-habit", ...desktop });
  await window.page.goto(link);
  await shows(window);
  await window.page.getByText("Microphone, camera and speaker").click();
  const chosen = {};
  for (const label of ["Microphone", "Speaker"]) {
    const select = window.page.getByLabel(label, { exact: true });
    const names = await select.locator("option").allInnerTexts();
    assert.ok(names.length > 1, `${label}: ${names.join(", ")}`);
    chosen[label] = names.at(-1);
    await select.selectOption({ label: names.at(-1) });
  }
  await accessible(window, "choosing devices");
  await shot(window, "device-options");
  await window.page.getByLabel("Your name").fill("Hella");
  await button(window, "Blur the background").click();
  await button(window, "Turn the microphone off").click();

  await window.page.reload();
  await window.page.getByText("Microphone, camera and speaker").click();
  assert.equal(await window.page.getByLabel("Your name").inputValue(), "Hella");
  await button(window, "Show the background").waitFor();
  await button(window, "Turn the microphone on").click();
  for (const [label, name] of Object.entries(chosen)) {
    const select = window.page.getByLabel(label, { exact: true });
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
