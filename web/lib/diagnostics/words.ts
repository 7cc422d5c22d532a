// The findings of a connection test in words: what was measured, and what to do where something does not work.
import { ownBrowser, type Browser } from "../browser";
import { number, rate, share } from "../format";
import { text, type MessageKey } from "../messages";
import { remedy, troubleInWords, type Source } from "../trouble";
import { weaknessOf } from "./bandwidth";
import type { CheckName, Measured, Results } from "./checks";
import type { Route } from "./route";
import type { Verdict } from "./verdict";

/** Which ports to let through when LiveKit could not tell. */
const UDP_PORTS = [50_000, 60_000] as const;
const TCP_PORT = 7881;

/** A few ports as they are; those of the usual range as the whole of it, since each call takes others. */
export function udpPorts(ports: number[] = []): string {
  const [first, last] = UDP_PORTS;
  const isRange = ports.every((port) => port >= first && port <= last);
  return isRange ? `${first}–${last}` : ports.join(", ");
}

export const tcpPorts = (ports: number[] = []): string =>
  ports.length > 0 ? ports.join(", ") : `${TCP_PORT}`;

/** Where the media server is: the page's own host, unless LiveKit has another. */
const places = ({ offer }: Measured, host: string) => ({
  host,
  // What has no port of its own is on the one of https.
  port: /:(\d+)$/.exec(host)?.[1] ?? "443",
  machine: host.replace(/:\d+$/, ""),
  udp: udpPorts(offer?.udp),
  tcp: tcpPorts(offer?.tcp),
});

export function stateInWords({ states, skipped }: Results, check: CheckName): string {
  const state = states[check];
  if (state !== "skipped") return text(`diagnostics.state.${state}`);
  return text(`diagnostics.skip.${skipped[check] ?? "notReached"}`);
}

const milliseconds = (value: number) =>
  text("diagnostics.milliseconds", { milliseconds: number(Math.max(1, value)) });

function routeInWords({ relay, protocol, port, roundTrip }: Route): string {
  const parts = [
    relay ? text("diagnostics.figure.relay", { protocol: relay.toUpperCase() }) : protocol.toUpperCase(),
    port !== undefined && text("diagnostics.figure.port", { port }),
    roundTrip !== undefined && text("diagnostics.figure.roundTrip", { time: milliseconds(roundTrip) }),
  ];
  return parts.filter((part) => part !== false).join(", ");
}

/** What was measured; nothing where nothing was. */
export function figureOf({ states, measured }: Results, check: CheckName): string | undefined {
  const { codecs, signal, route, tcp, turn, sent, received, bandwidth } = measured;
  switch (check) {
    case "secure":
      return undefined;
    case "browser":
      return codecs?.join(", ");
    case "devices":
      return states.devices === "passed" ? text("diagnostics.figure.devices") : undefined;
    case "signal":
      return signal === undefined
        ? undefined
        : text("diagnostics.figure.signal", { time: milliseconds(signal) });
    case "udp":
      return route && states.udp === "passed" ? routeInWords(route) : undefined;
    case "tcp":
      return tcp && routeInWords(tcp);
    case "turn":
      return turn && routeInWords(turn);
    case "publish":
      return (
        sent &&
        text("diagnostics.figure.sent", {
          width: sent.width,
          height: sent.height,
          frames: number(sent.framesPerSecond),
        })
      );
    case "subscribe":
      return received && receivedInWords(received);
    case "bandwidth":
      return bandwidth && bandwidthInWords(bandwidth);
  }
}

const receivedInWords = ({ framesPerSecond, sound }: NonNullable<Measured["received"]>) =>
  text(sound ? "diagnostics.figure.received" : "diagnostics.figure.receivedMute", {
    frames: number(framesPerSecond),
  });

function bandwidthInWords({ up, down, loss, jitter, roundTrip }: NonNullable<Measured["bandwidth"]>): string {
  const parts = [
    text("diagnostics.figure.up", { rate: rate(up) }),
    text("diagnostics.figure.down", { rate: rate(down) }),
    text("diagnostics.figure.loss", { share: share(loss) }),
    jitter !== undefined && text("diagnostics.figure.jitter", { time: milliseconds(jitter) }),
    roundTrip !== undefined && text("diagnostics.figure.roundTrip", { time: milliseconds(roundTrip) }),
  ];
  return parts.filter((part) => part !== false).join(", ");
}

/** Under a failure: what somebody can do about it, in their browser. */
export function fixOf(
  results: Results,
  check: CheckName,
  host: string,
  browser = ownBrowser(),
): string | undefined {
  const { states, measured } = results;
  if (states[check] !== "failed" && states[check] !== "warns") return undefined;
  switch (check) {
    case "browser":
      return text(browserFix(browser));
    case "devices":
      return devicesFix(measured);
    case "udp":
      return measured.triesUdp === false
        ? text(noUdpFix(browser))
        : text("diagnostics.fix.udp", places(measured, host));
    case "bandwidth": {
      const weakness = measured.bandwidth && weaknessOf(measured.bandwidth);
      return weakness ? text(`diagnostics.weakness.${weakness}`) : text("diagnostics.fix.bandwidth");
    }
    case "tcp":
    case "turn":
      // Where the direct way is open, a detour that is not concerns only others.
      return text(
        states[check] === "warns" ? `diagnostics.spare.${check}` : `diagnostics.fix.${check}`,
        places(measured, host),
      );
    case "secure":
    case "signal":
    case "publish":
    case "subscribe":
      return text(`diagnostics.fix.${check}`, places(measured, host));
  }
}

function browserFix(browser: Browser): MessageKey {
  if (browser === "firefox" || browser === "firefoxAndroid") return "diagnostics.fix.browser.firefox";
  if (browser === "safari" || browser === "safariIos") return "diagnostics.fix.browser.safari";
  return "diagnostics.fix.browser.unknown";
}

/** The browser itself tries no UDP, so that no network is to blame. */
function noUdpFix(browser: Browser): MessageKey {
  if (browser === "chrome" || browser === "edge") return "diagnostics.noUdp.chrome";
  return browser === "firefox" ? "diagnostics.noUdp.firefox" : "diagnostics.noUdp.unknown";
}

function devicesFix({ devices = {} }: Measured): string {
  const sources = (["microphone", "camera"] as const).filter((source) => devices[source]);
  const both = devices.camera === devices.microphone;
  const groups: Source[][] = both ? [sources] : sources.map((source) => [source]);
  return groups
    .map((group) => {
      const trouble = devices[group[0] ?? "camera"] ?? "failed";
      return `${troubleInWords(trouble, group)} ${remedy(trouble, group)}`;
    })
    .join(" ");
}

/** What it all comes to, and what to do or to ask for. */
export function verdictInWords(
  verdict: Verdict,
  measured: Measured,
  host: string,
): { heading: string; what: string } {
  const where = places(measured, host);
  switch (verdict.kind) {
    case "good":
      return { heading: text("diagnostics.good"), what: text("diagnostics.good.what") };
    case "unfinished":
      return { heading: text("diagnostics.unfinished"), what: text("diagnostics.unfinished.what") };
    case "limited":
      return {
        heading: text(`diagnostics.limited.${verdict.by}`),
        what: limitInWords(verdict.by, where),
      };
    case "blocked":
      return {
        heading: text(`diagnostics.blocked.${verdict.by}`),
        what: text(`diagnostics.unblock.${verdict.by}`, where),
      };
  }
}

function limitInWords(
  by: Extract<Verdict, { kind: "limited" }>["by"],
  where: Record<string, string>,
): string {
  if (by === "tcp" || by === "relay") return text("diagnostics.openUdp", where);
  return text(`diagnostics.weakness.${by}`);
}
