// The connection test: what browsers report is read, weighed, and told without anybody's secrets.
import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { bandwidthOf, sampleOf, weaknessOf, type Bandwidth, type Sample } from "../lib/diagnostics/bandwidth";
import {
  givenUp,
  nothingYet,
  ownChecks,
  progressOf,
  withNews,
  type Measured,
  type Results,
  type State,
} from "../lib/diagnostics/checks";
import { reportOf } from "../lib/diagnostics/report";
import { offerIn, routeIn, triesUdp, type StatsRow } from "../lib/diagnostics/route";
import { toneOf, verdictOf } from "../lib/diagnostics/verdict";
import { fixOf, stateInWords, tcpPorts, udpPorts } from "../lib/diagnostics/words";

vi.stubGlobal("document", { documentElement: { lang: "en" } });

const good: Bandwidth = { up: 2e6, down: 2e6, loss: 0, jitter: 5, roundTrip: 20, isBusy: false };
const direct = { protocol: "udp" as const, local: "host", remote: "host", port: 50123, roundTrip: 20 };

/** A test that went well, but for some checks. */
function results(states: Partial<Record<string, State>> = {}, measured: Measured = {}): Results {
  const passed = ownChecks.reduce<Results>(
    (before, check) => withNews(before, { check, state: states[check] ?? "passed" }),
    nothingYet(),
  );
  return { ...passed, measured: { route: direct, bandwidth: good, ...measured } };
}

const pair = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" };
const remote = { id: "R", type: "remote-candidate", candidateType: "host", port: 7881 };

test("the way in use is found, however a browser marks it", () => {
  const local = { id: "L", type: "local-candidate", candidateType: "srflx", protocol: "udp" };
  const other = { ...pair, id: "Q", localCandidateId: "X", nominated: true, state: "failed" };
  const marked: StatsRow[][] = [
    [{ id: "T", type: "transport", selectedCandidatePairId: "P" }, other, pair],
    [other, { ...pair, selected: true }],
    [other, { ...pair, nominated: true, state: "succeeded" }],
  ];
  for (const rows of marked) {
    const route = routeIn([...rows, local, remote]);
    assert.deepEqual(
      [route?.protocol, route?.local, route?.remote, route?.port, route?.relay],
      ["udp", "srflx", "host", 7881, undefined],
    );
  }
  assert.equal(routeIn([pair, local, remote]), undefined);
});

test("a relay is known, and how it is reached", () => {
  const relay = {
    id: "L",
    type: "local-candidate",
    candidateType: "relay",
    protocol: "udp",
    relayProtocol: "tls",
  };
  const route = routeIn([{ ...pair, selected: true, currentRoundTripTime: 0.08 }, relay, remote]);
  assert.equal(route?.relay, "tls");
  assert.equal(route?.roundTrip, 80);
});

test("the server's ports are read from its description, relays aside", () => {
  const sdp = [
    "v=0",
    "a=candidate:1 1 udp 2130706431 203.0.113.7 50010 typ host",
    "a=candidate:1 2 udp 2130706431 203.0.113.7 50010 typ host",
    "a=candidate:2 1 TCP 1671430143 203.0.113.7 7881 typ host tcptype passive",
    "a=candidate:3 1 udp 5 203.0.113.9 3478 typ relay raddr 0.0.0.0 rport 0",
  ].join("\r\n");
  assert.deepEqual(offerIn(sdp), { udp: [50010], tcp: [7881] });
  assert.deepEqual(offerIn("v=0"), { udp: [], tcp: [] });
});

test("a browser that brings no UDP address of its own is known", () => {
  const local = (protocol: string, candidateType: string) => ({
    type: "local-candidate",
    protocol,
    candidateType,
  });
  assert.equal(triesUdp([local("tcp", "host"), local("udp", "relay")]), false);
  assert.equal(triesUdp([local("tcp", "host"), local("udp", "srflx")]), true);
});

test("a few ports are named, and those of the usual range as the whole of it", () => {
  assert.equal(udpPorts(), "50000–60000");
  assert.equal(udpPorts([50010, 51000]), "50000–60000");
  assert.equal(udpPorts([7882]), "7882");
  assert.equal(tcpPorts(), "7881");
  assert.equal(tcpPorts([443]), "443");
});

test("bandwidth is what the later half of the samples had", () => {
  const zero = sampleOf(0, [], []);
  const at = (seconds: number, change: Partial<Sample>): Sample => ({
    ...zero,
    at: seconds * 1000,
    ...change,
  });
  const found = bandwidthOf([
    at(0, {}),
    at(1, { bytesSent: 10_000, bytesReceived: 10_000, packetsReceived: 10 }),
    at(2, { bytesSent: 260_000, bytesReceived: 135_000, packetsReceived: 95, packetsLost: 5, jitter: 4 }),
  ]);
  assert.deepEqual([found?.up, found?.down, found?.loss, found?.jitter], [2_000_000, 1_000_000, 0.05, 4]);
  assert.equal(bandwidthOf([]), undefined);
  assert.equal(bandwidthOf([zero]), undefined);
});

test("a sample counts both ends", () => {
  const sending: StatsRow[] = [
    {
      type: "outbound-rtp",
      kind: "video",
      bytesSent: 900,
      framesEncoded: 9,
      frameWidth: 640,
      frameHeight: 360,
    },
    { type: "outbound-rtp", kind: "audio", bytesSent: 100 },
  ];
  const receiving: StatsRow[] = [
    {
      type: "inbound-rtp",
      kind: "video",
      bytesReceived: 800,
      packetsReceived: 8,
      packetsLost: 1,
      jitter: 0.2,
    },
    {
      type: "inbound-rtp",
      kind: "audio",
      bytesReceived: 90,
      packetsReceived: 3,
      packetsLost: 0,
      jitter: 0.01,
    },
  ];
  const sample = sampleOf(5, sending, receiving);
  assert.equal(sample.bytesSent, 1000);
  assert.equal(sample.bytesReceived, 890);
  assert.equal(sample.packetsLost, 1);
  assert.equal(sample.jitter, 10);
  assert.equal(sample.width, 640);
});

test("a weak line is weak in the way that people notice", () => {
  assert.equal(weaknessOf(good), undefined);
  assert.equal(weaknessOf({ ...good, up: 300_000 }), "slow");
  assert.equal(weaknessOf({ ...good, down: 300_000 }), "slow");
  assert.equal(weaknessOf({ ...good, down: 300_000, isBusy: true }), "busy");
  assert.equal(weaknessOf({ ...good, loss: 0.1, up: 300_000 }), "lossy");
  assert.equal(weaknessOf({ ...good, roundTrip: 600 }), "far");
  assert.equal(weaknessOf({ ...good, jitter: 200 }), "uneven");
});

test("the verdict names the first thing that keeps somebody out", () => {
  const verdict = (states: Partial<Record<string, State>>, measured?: Measured) =>
    verdictOf(results(states, measured));
  assert.deepEqual(verdict({}), { kind: "good" });
  assert.deepEqual(verdict({ tcp: "warns", turn: "skipped" }), { kind: "good" });
  assert.deepEqual(verdict({ browser: "failed", signal: "failed" }), { kind: "blocked", by: "browser" });
  assert.deepEqual(verdict({ signal: "failed" }), { kind: "blocked", by: "signal" });
  assert.deepEqual(verdict({ udp: "failed", tcp: "failed" }, { route: undefined }), {
    kind: "blocked",
    by: "media",
  });
  assert.deepEqual(verdict({ udp: "failed", publish: "failed" }), { kind: "blocked", by: "publish" });
  assert.deepEqual(verdict({ subscribe: "failed" }), { kind: "blocked", by: "subscribe" });
  assert.deepEqual(verdict({ secure: "failed" }), { kind: "blocked", by: "secure" });
  assert.equal(toneOf(verdict({ secure: "failed" })), "bad");
});

test("the verdict says by which detour, and how weak the line is", () => {
  const tcp = { ...direct, protocol: "tcp" as const };
  assert.deepEqual(verdictOf(results({ udp: "failed" }, { route: tcp })), { kind: "limited", by: "tcp" });
  const relay = { ...direct, relay: "tls" as const };
  assert.deepEqual(verdictOf(results({ udp: "failed" }, { route: relay })), { kind: "limited", by: "relay" });
  const slow = { ...good, up: 1000 };
  assert.deepEqual(verdictOf(results({}, { bandwidth: slow })), { kind: "limited", by: "slow" });
});

test("a test that was stopped has no verdict, and what was not tried says so", () => {
  const begun = withNews(nothingYet(), { check: "signal", state: "passed" });
  const stopped = givenUp(begun, "cancelled");
  assert.deepEqual(verdictOf(begun), { kind: "unfinished" });
  assert.deepEqual(verdictOf(stopped), { kind: "unfinished" });
  assert.equal(stopped.states.signal, "passed");
  assert.equal(stateInWords(stopped, "udp"), "Stopped");
  assert.equal(stateInWords(stopped, "devices"), "Not tested");
  assert.deepEqual(progressOf(begun), { done: 1, of: ownChecks.length });
  assert.deepEqual(progressOf(stopped), { done: ownChecks.length, of: ownChecks.length });
});

test("the fix is for the browser and the network at hand", () => {
  const blocked = results({ udp: "failed" }, { offer: { udp: [50010], tcp: [7881] }, triesUdp: true });
  assert.match(
    fixOf(blocked, "udp", "sfu.example.org:443", "chrome") ?? "",
    /UDP to sfu.example.org, port 50000–60000/,
  );
  const shy = results({ udp: "failed" }, { triesUdp: false });
  assert.match(fixOf(shy, "udp", "sfu.example.org", "firefox") ?? "", /about:config/);
  assert.match(fixOf(shy, "udp", "sfu.example.org", "chrome") ?? "", /extension/);
  assert.match(fixOf(results({ browser: "failed" }), "browser", "", "safari") ?? "", /Lockdown/);
  // Who gets through directly is not told that their network is at fault.
  assert.match(
    fixOf(results({ tcp: "warns" }), "tcp", "sfu.example.org", "chrome") ?? "",
    /do without it here/,
  );
  assert.equal(fixOf(results(), "udp", "sfu.example.org", "chrome"), undefined);
});

test("the result for the administrator has the figures, and nobody's address", () => {
  const text = reportOf(
    results({ tcp: "warns" }, { offer: { udp: [50010], tcp: [7881] }, codecs: ["VP8"], signal: 41.6 }),
    {
      at: new Date("2026-01-02T03:04:05Z"),
      origin: "https://meet.example.org",
      host: "sfu.example.org",
      userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    },
  );
  for (const part of [
    "All good",
    "2026-01-02T03:04:05.000Z",
    "https://meet.example.org",
    "sfu.example.org",
    "Firefox/140.0",
    "Browser: Works; VP8",
    "answers in 42 ms",
    "2 Mb/s up, 2 Mb/s down, 0% lost",
    "udp host → host",
    "UDP 50000–60000, TCP 7881",
  ])
    assert.ok(text.includes(part), `${part} in\n${text}`);
  assert.doesNotMatch(text, /undefined|\d+\.\d+\.\d+\.\d+/);
});
