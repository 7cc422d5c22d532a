// How much goes through, how much is lost and how long it takes, from what is counted at both ends.
import { numberOf, routeIn, type StatsRow } from "./route";

/** What was counted up to a moment. */
export interface Sample {
  /** In milliseconds. */
  at: number;
  bytesSent: number;
  bytesReceived: number;
  packetsReceived: number;
  packetsLost: number;
  framesSent: number;
  framesDecoded: number;
  soundBytes: number;
  width: number;
  height: number;
  /** In milliseconds. */
  jitter?: number;
  roundTrip?: number;
  /** What the sender believes that it could send, in bits per second. */
  outgoing?: number;
  /** Whether the sender could do better if this computer were faster. */
  isBusy: boolean;
}

export interface Bandwidth {
  /** Bits per second. */
  up: number;
  down: number;
  /** From 0 to 1. */
  loss: number;
  /** Milliseconds. */
  jitter?: number;
  roundTrip?: number;
  /** Whether this computer, and not its network, was the limit. */
  isBusy: boolean;
}

const milliseconds = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);

/** Counts what the sending end and the receiving end report. */
export function sampleOf(at: number, sending: StatsRow[], receiving: StatsRow[]): Sample {
  const rowsOf = (rows: StatsRow[], type: string, kind?: string) =>
    rows.filter((row) => row.type === type && (kind === undefined || row.kind === kind));
  const sum = (rows: StatsRow[], key: string) =>
    rows.reduce((total, row) => total + (numberOf(row, key) ?? 0), 0);
  const [out] = rowsOf(sending, "outbound-rtp", "video");
  const [picture] = rowsOf(receiving, "inbound-rtp", "video");
  const [sound] = rowsOf(receiving, "inbound-rtp", "audio");
  const incoming = rowsOf(receiving, "inbound-rtp");
  const route = routeIn(sending);
  return {
    at,
    bytesSent: sum(rowsOf(sending, "outbound-rtp"), "bytesSent"),
    bytesReceived: sum(incoming, "bytesReceived"),
    packetsReceived: sum(incoming, "packetsReceived"),
    packetsLost: sum(incoming, "packetsLost"),
    framesSent: numberOf(out, "framesEncoded") ?? 0,
    framesDecoded: numberOf(picture, "framesDecoded") ?? 0,
    soundBytes: numberOf(sound, "bytesReceived") ?? 0,
    width: numberOf(out, "frameWidth") ?? 0,
    height: numberOf(out, "frameHeight") ?? 0,
    // Of the sound: large pictures come in bursts, and a busy device draws them late.
    jitter: milliseconds(numberOf(sound, "jitter")),
    roundTrip: route?.roundTrip,
    outgoing: route?.outgoing,
    isBusy: out?.qualityLimitationReason === "cpu",
  };
}

/** How often something that is counted happens in a second, between two samples. */
export function perSecond(from: Sample, to: Sample, key: keyof Sample): number {
  const seconds = (to.at - from.at) / 1000;
  return seconds > 0 ? Math.max(0, (Number(to[key]) - Number(from[key])) / seconds) : 0;
}

const median = (values: (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined).sort((one, other) => one - other);
  return known[Math.floor(known.length / 2)];
};

/** What to say of a line, after samples of some seconds. Senders begin carefully, so the later half counts. */
export function bandwidthOf(samples: Sample[]): Bandwidth | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  const middle = samples[Math.floor(samples.length / 2)];
  if (!first || !middle || !last || last.at <= middle.at) return undefined;
  const lost = Math.max(0, last.packetsLost - first.packetsLost);
  const came = Math.max(0, last.packetsReceived - first.packetsReceived);
  return {
    up: Math.max(8 * perSecond(middle, last, "bytesSent"), last.outgoing ?? 0),
    down: 8 * perSecond(middle, last, "bytesReceived"),
    loss: lost + came === 0 ? 0 : lost / (lost + came),
    jitter: median(samples.map(({ jitter }) => jitter)),
    roundTrip: median(samples.map(({ roundTrip }) => roundTrip)),
    isBusy: samples.some(({ isBusy }) => isBusy),
  };
}

/** Below it a picture of one person is small or halting. */
const ENOUGH = 600_000;
/** Above these, people notice. */
const MUCH_LOSS = 0.03;
const LONG_WAY = 300;
const MUCH_JITTER = 60;

export type Weakness = "slow" | "lossy" | "far" | "uneven" | "busy";

/** What people will notice of a line, the worst first. */
export function weaknessOf({
  up,
  down,
  loss,
  roundTrip = 0,
  jitter = 0,
  isBusy,
}: Bandwidth): Weakness | undefined {
  const isSlow = up < ENOUGH || down < ENOUGH;
  if (loss > MUCH_LOSS) return "lossy";
  if (isSlow) return isBusy ? "busy" : "slow";
  if (roundTrip > LONG_WAY) return "far";
  return jitter > MUCH_JITTER ? "uneven" : undefined;
}
