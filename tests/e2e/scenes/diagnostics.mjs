// The connection test: on a network that lets everything through, on others, and while the media server is away.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import { launch, openWindow } from "../browser.mjs";
import { canSuffer, suffer } from "../house.mjs";
import { base, button, desktop, fits, heading, open, otherFaults, phone, quiet, shot, tally } from "../stage.mjs";
import { eventually } from "../tally.mjs";

const PAGE = `${base}/app/diagnostics`;

export async function diagnostics() {
  await tally.check("the connection test passes where everything goes through", allGood);
  await tally.check("its result can be copied, and tells no secret", copied);
  await tally.check("it can be stopped, and made again", stopped);
  await tally.check("camera and microphone are tried only when asked, and a refusal is told", devices);
  await tally.check("where the network lets no UDP through, TCP is found and the fix is told", noUdp);
  await tally.check("a browser that tries no UDP is told from a network that blocks it", browserWithoutUdp);
  await tally.check("where nothing goes through, it says what to open", nothingThrough);
  await tally.check("a page that is not secure says so", insecure);
  if (canSuffer) await tally.check("without LiveKit the signal has failed, and it says whom to ask", noLivekit);
}

const rowOf = (window, check) => window.page.locator(`[data-check="${check}"]`);

/** How every check stands. */
const states = (window) =>
  window.page
    .locator("[data-check]")
    .evaluateAll((rows) => Object.fromEntries(rows.map(({ dataset }) => [dataset.check, dataset.state])));

/** Waits for the verdict, and for nothing else. */
async function begin(window) {
  await window.page.goto(PAGE);
  await button(window, "Start the test").click();
}

async function verdict(window, sentence) {
  await window.page.locator(".verdict").waitFor({ timeout: 50_000 });
  assert.equal(await window.page.locator(".verdict strong").innerText(), sentence, JSON.stringify(await states(window)));
}

async function allGood() {
  for (const size of [phone, desktop]) {
    const window = await open({ name: `test-${size.colorScheme}`, ...size });
    await window.page.goto(base);
    await window.page.getByRole("link", { name: "Test your connection" }).click();
    await heading(window, "Test your connection").waitFor();
    await button(window, "Start the test").waitFor();
    await accessible(window, "before the test");
    await fits(window);
    await shot(window, `diagnostics-before-${size.colorScheme}`);

    const began = performance.now();
    await button(window, "Start the test").click();
    await rowOf(window, "bandwidth").and(window.page.locator('[data-state="runs"]')).waitFor();
    await accessible(window, "during the test");
    await shot(window, `diagnostics-running-${size.colorScheme}`);
    await verdict(window, "All good");
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds < 30, `it took ${seconds} s`);

    const found = await states(window);
    const { tcp, turn, devices: ofDevices, ...musts } = found;
    for (const [check, state] of Object.entries(musts)) assert.equal(state, "passed", check);
    assert.equal(ofDevices, "skipped", "nobody is asked for devices");
    // What LiveKit does not offer is no fault of the network.
    assert.ok(["passed", "skipped"].includes(tcp), `TCP: ${tcp}`);
    assert.ok(["passed", "skipped"].includes(turn), `TURN: ${turn}`);
    for (const check of ["browser", "signal", "udp", "publish", "subscribe", "bandwidth"])
      assert.match(await rowOf(window, check).locator(".facts").innerText(), /\d/, check);
    await accessible(window, "after the test");
    await fits(window);
    await shot(window, `diagnostics-good-${size.colorScheme}`);
    quiet(window);
    await window.close();
  }
}

async function copied() {
  const window = await open({ name: "copier", ...desktop, permissions: ["clipboard-read", "clipboard-write"] });
  const answer = window.page.waitForResponse((response) => response.url().endsWith("/connection-test"));
  await begin(window);
  const { publisher, subscriber } = await (await answer).json();
  await verdict(window, "All good");
  await button(window, "Copy: Result for the administrator").click();
  await button(window, "Copied").waitFor();

  const text = await window.page.evaluate(() => navigator.clipboard.readText());
  for (const token of [publisher, subscriber])
    for (const part of token.split(".")) assert.ok(!text.includes(part), "a token stands in the result");
  assert.doesNotMatch(text, /eyJ|meetbox_(ticket|session|key)/);
  // The page's address is in its link, and versions look like one; those of the device are nobody's business.
  const others = text.replaceAll(new URL(base).hostname, "").replace(/\/[\d.]+/g, "");
  assert.doesNotMatch(others, /\b\d{1,3}(\.\d{1,3}){3}\b/);
  for (const part of ["All good", base, "Chrome", "→ host", "Mb/s"])
    assert.ok(text.includes(part), `${part} in\n${text}`);
  quiet(window);
  await window.close();
}

async function stopped() {
  const window = await open({ name: "stopper", ...phone });
  await begin(window);
  await rowOf(window, "signal").and(window.page.locator('[data-state="passed"]')).waitFor();
  await button(window, "Stop").click();
  await verdict(window, "The test was not finished");
  await accessible(window, "after stopping");
  await shot(window, "diagnostics-stopped");
  await eventually(
    () => window.page.evaluate(() => window.peers.every((peer) => peer.connectionState === "closed")),
    "every connection is closed",
  );
  await button(window, "Test again").click();
  await verdict(window, "All good");
  quiet(window);
  await window.close();
}

async function devices() {
  const window = await open({ name: "devices", ...phone });
  await window.page.goto(PAGE);
  await button(window, "Test them").click();
  await rowOf(window, "devices").and(window.page.locator('[data-state="passed"]')).waitFor();
  quiet(window);
  await window.close();

  const denied = await open({ name: "denied", devices: false, ...phone });
  await denied.page.goto(PAGE);
  await button(denied, "Test them").click();
  await rowOf(denied, "devices").and(denied.page.locator('[data-state="warns"]')).waitFor();
  await rowOf(denied, "devices").getByText("microphone and camera").waitFor();
  await accessible(denied, "devices refused");
  await fits(denied);
  await shot(denied, "diagnostics-devices-refused");
  quiet(denied);
  await denied.close();
}

/**
 * Runs in the page: its network swallows these protocols. The addresses are there and nobody answers at them, and
 * LiveKit, which would try from its side, does not get to know those of the page.
 */
function swallow(protocols) {
  const form = /candidate:\S+ \d+ (\w+) \d+ (\S+)/i;
  const isGone = (line) => protocols.includes(form.exec(line)?.[1].toLowerCase());
  // An address that nobody has, of those that are set aside for examples.
  const moved = (candidate, _, address) => candidate.replace(address, "203.0.113.1");
  const away = (line) => (isGone(line) ? line.replace(form, moved) : line);
  const lines = (sdp, change) => sdp.split("\r\n").flatMap(change).join("\r\n");
  const { prototype } = RTCPeerConnection;
  const { addEventListener, addIceCandidate, createOffer, setRemoteDescription } = prototype;

  prototype.setRemoteDescription = function ({ type, sdp }) {
    return setRemoteDescription.call(this, { type, sdp: lines(sdp, (line) => [away(line)]) });
  };
  prototype.addIceCandidate = function ({ candidate, sdpMid, sdpMLineIndex }) {
    return addIceCandidate.call(this, { candidate: away(candidate), sdpMid, sdpMLineIndex });
  };
  prototype.createOffer = async function (options) {
    const { type, sdp } = await createOffer.call(this, options);
    return { type, sdp: lines(sdp, (line) => (isGone(line) ? [] : [line])) };
  };
  prototype.addEventListener = function (name, listener, options) {
    const filtered = (event) => isGone(event.candidate?.candidate ?? "") || listener.call(this, event);
    return addEventListener.call(this, name, name === "icecandidate" ? filtered : listener, options);
  };
  Object.defineProperty(prototype, "onicecandidate", {
    configurable: true,
    set(listener) {
      if (listener) this.addEventListener("icecandidate", listener);
    },
  });
}

async function noUdp() {
  for (const size of [phone, desktop]) {
    const window = await open({ name: "no-udp", ...size });
    await window.page.addInitScript(swallow, ["udp"]);
    await begin(window);
    await verdict(window, "Works, but over TCP: pictures may stutter");
    await rowOf(window, "udp").getByText("does not get through").waitFor();
    const { udp, tcp, subscribe } = await states(window);
    assert.deepEqual({ udp, tcp, subscribe }, { udp: "failed", tcp: "passed", subscribe: "passed" });
    await accessible(window, "no UDP");
    await fits(window);
    await shot(window, `diagnostics-no-udp-${size.colorScheme}`);
    quiet(window);
    await window.close();
  }
}

async function browserWithoutUdp() {
  const cautious = await launch(["--webrtc-ip-handling-policy=disable_non_proxied_udp"]);
  try {
    const window = await openWindow(cautious, base, { name: "cautious", ...desktop });
    await begin(window);
    await verdict(window, "Works, but over TCP: pictures may stutter");
    await rowOf(window, "udp").getByText("This browser does not even try UDP.").waitFor();
    await accessible(window, "a browser without UDP");
    quiet(window);
  } finally {
    await cautious.close();
  }
}

async function nothingThrough() {
  const window = await open({ name: "walled-in", ...phone });
  await window.page.addInitScript(swallow, ["udp", "tcp"]);
  await begin(window);
  await verdict(window, "Blocked: sound and pictures do not get through");
  await window.page.locator(".verdict").getByText(/UDP, port \S+; TCP, port \d+/).waitFor();
  const { signal, udp, tcp, publish } = await states(window);
  assert.deepEqual({ signal, udp, tcp, publish }, { signal: "passed", udp: "failed", tcp: "failed", publish: "skipped" });
  await accessible(window, "nothing goes through");
  await fits(window);
  await shot(window, "diagnostics-blocked");
  quiet(window);
  await window.close();
}

async function insecure() {
  const window = await open({ name: "plain", ...phone });
  await window.page.addInitScript(() => {
    Object.defineProperty(window, "isSecureContext", { value: false });
    Object.defineProperty(Navigator.prototype, "mediaDevices", { value: undefined });
  });
  await begin(window);
  await verdict(window, "Blocked: this page is not secure");
  await rowOf(window, "secure").getByText("begins with https").waitFor();
  await button(window, "Test them").click();
  await rowOf(window, "devices").getByText("only on https").waitFor();
  await accessible(window, "not secure");
  await shot(window, "diagnostics-insecure");
  quiet(window);
  await window.close();
}

async function noLivekit() {
  await suffer("kill livekit");
  try {
    const window = await open({ name: "no-livekit", ...phone });
    await begin(window);
    await verdict(window, "Blocked: the media server does not answer");
    await rowOf(window, "signal").getByText("do not get through").waitFor();
    assert.equal((await states(window)).udp, "skipped");
    await accessible(window, "no LiveKit");
    await fits(window);
    await shot(window, "diagnostics-no-livekit");
    const faults = otherFaults(window).filter((fault) => !/WebSocket|ERR_CONNECTION_REFUSED|\/rtc/.test(fault));
    assert.deepEqual(faults, []);
    await window.close();
  } finally {
    await suffer("start livekit");
  }
}
