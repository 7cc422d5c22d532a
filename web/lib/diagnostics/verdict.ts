// What the findings of a connection test come to, in one sentence and a remedy.
import { weaknessOf, type Weakness } from "./bandwidth";
import { ownChecks, type CheckName, type Results } from "./checks";

export type Verdict =
  | { kind: "good" }
  /** Meetings work, but not as well as they could. */
  | { kind: "limited"; by: "tcp" | "relay" | Weakness }
  /** Meetings do not work. */
  | { kind: "blocked"; by: "secure" | "browser" | "signal" | "media" | "publish" | "subscribe" }
  /** The test was not made to its end. */
  | { kind: "unfinished" };

/** Whether neither of the ways that were tried leads to LiveKit. */
const noWay = ({ states, measured }: Results) => states.udp === "failed" && !measured.route;

export function verdictOf(results: Results): Verdict {
  const { states, skipped, measured } = results;
  const failed = (check: CheckName) => states[check] === "failed";
  if (failed("browser")) return { kind: "blocked", by: "browser" };
  if (failed("signal")) return { kind: "blocked", by: "signal" };
  if (noWay(results)) return { kind: "blocked", by: "media" };
  if (failed("publish")) return { kind: "blocked", by: "publish" };
  if (failed("subscribe")) return { kind: "blocked", by: "subscribe" };

  const isOpen = (check: CheckName) =>
    states[check] === "waits" || states[check] === "runs" || skipped[check] === "cancelled";
  if (states.signal !== "passed" || ownChecks.some(isOpen)) return { kind: "unfinished" };
  // Without a secure page others are seen and heard, but nobody sees or hears whoever sits here.
  if (failed("secure")) return { kind: "blocked", by: "secure" };

  if (measured.route?.relay) return { kind: "limited", by: "relay" };
  if (measured.route?.protocol === "tcp") return { kind: "limited", by: "tcp" };
  const weakness = measured.bandwidth && weaknessOf(measured.bandwidth);
  return weakness ? { kind: "limited", by: weakness } : { kind: "good" };
}

export const toneOf = ({ kind }: Verdict): "good" | "warn" | "bad" | "plain" =>
  (({ good: "good", limited: "warn", blocked: "bad", unfinished: "plain" }) as const)[kind];
