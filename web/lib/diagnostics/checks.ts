// What a connection test looks at, and what it has found so far.
import type { Trouble } from "../trouble";
import type { Bandwidth } from "./bandwidth";
import type { Offer, Route } from "./route";

/** In the order in which they are made, in the groups in which they are shown. */
export const groups = {
  here: ["secure", "browser", "devices"],
  way: ["signal", "udp"],
  media: ["publish", "subscribe", "bandwidth"],
  detours: ["tcp", "turn"],
} as const;

export type Group = keyof typeof groups;
export type CheckName = (typeof groups)[Group][number];

export const allGroups = Object.keys(groups) as Group[];
export const allChecks: CheckName[] = allGroups.flatMap((group) => [...groups[group]]);

/** Those that run by themselves; for the devices people are asked. */
export const ownChecks = allChecks.filter((check) => check !== "devices");

export type State = "waits" | "runs" | "passed" | "warns" | "failed" | "skipped";

/** Why a check was not made. */
export type SkipReason = "optional" | "notOffered" | "notReached" | "cancelled";

/** What the test has measured, as far as it got. */
export interface Measured {
  codecs?: string[];
  /** What is the matter with the camera and the microphone; nothing is while it is absent. */
  devices?: { camera?: Trouble; microphone?: Trouble };
  /** Milliseconds until LiveKit answered. */
  signal?: number;
  /** What LiveKit says it can be reached by. */
  offer?: Offer;
  /** Whether the browser itself brought a UDP address to try from. */
  triesUdp?: boolean;
  /** How sound and pictures go when nothing is forced. */
  route?: Route;
  tcp?: Route;
  turn?: Route;
  sent?: { width: number; height: number; framesPerSecond: number };
  received?: { framesPerSecond: number; sound: boolean };
  bandwidth?: Bandwidth;
}

export interface Results {
  states: Record<CheckName, State>;
  skipped: Partial<Record<CheckName, SkipReason>>;
  measured: Measured;
}

/** Before anything was looked at. */
export function nothingYet(): Results {
  const states = Object.fromEntries(allChecks.map((check) => [check, "waits"])) as Results["states"];
  return { states: { ...states, devices: "skipped" }, skipped: { devices: "optional" }, measured: {} };
}

/** One more thing is known. */
export interface News {
  check: CheckName;
  state: State;
  why?: SkipReason;
  measured?: Measured;
}

export function withNews(results: Results, { check, state, why, measured }: News): Results {
  const skipped = { ...results.skipped };
  delete skipped[check];
  return {
    states: { ...results.states, [check]: state },
    skipped: why ? { ...skipped, [check]: why } : skipped,
    measured: { ...results.measured, ...measured },
  };
}

/** What has not been looked at yet never will be. */
export function givenUp(results: Results, why: SkipReason): Results {
  const open = ownChecks.filter((check) => ["waits", "runs"].includes(results.states[check]));
  return open.reduce((after, check) => withNews(after, { check, state: "skipped", why }), results);
}

/** How many of the checks that run by themselves are done, and of how many. */
export function progressOf({ states }: Results): { done: number; of: number } {
  const done = ownChecks.filter((check) => !["waits", "runs"].includes(states[check])).length;
  return { done, of: ownChecks.length };
}
