// A Chromium with fake devices, and windows that remember everything that should not have happened in them.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // Two windows of one browser: the one in the back must go on decoding.
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-background-timer-throttling",
];

/** With `flags` besides. */
export function launch(flags = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [...FLAGS, ...flags],
  });
}

/** Runs in the page before anything else: keeps its peer connections, tells of CSP violations. */
function prepare({ devices }) {
  const Real = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI || event.sample}`);
  });
  if (!devices) {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("refused by the test", "NotAllowedError"));
  }
}

/** Opens a window of its own (cookies, storage) and watches it. `faults` fills with what went wrong in it. */
export async function openWindow(browser, base, { name, devices = true, ...options }) {
  const context = await browser.newContext(options);
  await context.addInitScript(prepare, { devices });
  const page = await context.newPage();
  const faults = [];
  // LiveKit's addresses carry tokens in their query; nothing of that is worth printing.
  const fault = (sentence) => faults.push(sentence.replace(/\?\S+/g, "?…"));
  const hosts = new Set([new URL(base).host]);
  const asked = new Set();
  const remember = (url) => {
    if (/^(http|ws)s?:/.test(url)) asked.add(new URL(url).host);
  };

  page.on("console", (message) => {
    if (message.type() === "error") fault(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => fault(`exception: ${error.stack ?? error}`));
  page.on("crash", () => fault("the page crashed"));
  page.on("request", (request) => remember(request.url()));
  page.on("websocket", (socket) => remember(socket.url()));
  page.on("response", async (response) => {
    // The one other host that a page may talk to is the one the API names.
    const names = ["/token", "/connection-test"].includes(new URL(response.url()).pathname);
    if (names && [200, 201].includes(response.status())) hosts.add(new URL((await response.json()).url).host);
  });
  const strangers = () => [...asked].filter((host) => !hosts.has(host));

  return { name, page, faults, strangers, close: () => context.close() };
}

/** What has arrived over every peer connection of the page so far. */
export function received(page) {
  return page.evaluate(async () => {
    const sum = { framesDecoded: 0, audioEnergy: 0 };
    for (const peer of window.peers) {
      for (const stat of (await peer.getStats()).values()) {
        if (stat.type !== "inbound-rtp") continue;
        if (stat.kind === "video") sum.framesDecoded += stat.framesDecoded ?? 0;
        if (stat.kind === "audio") sum.audioEnergy += stat.totalAudioEnergy ?? 0;
      }
    }
    return sum;
  });
}
