// Why a camera or a microphone does not start, and what to do about it in the browser in use.
import { ownBrowser, ownSystem, type Browser } from "./browser";
import { text, type MessageKey } from "./messages";

export type Source = "microphone" | "camera";

/**
 * `denied`: the browser keeps this page from it. `undecided`: people were asked, and answered nothing. `system`: the
 * computer keeps the browser from it.
 */
export type Trouble = "denied" | "undecided" | "system" | "missing" | "busy" | "insecure" | "failed";

/** What a browser's refusal means; what it remembers of the permission tells "no" from no answer. */
export function troubleOf(error: unknown, permission?: PermissionState): Trouble {
  const { name = "", message = "" } = (error ?? {}) as { name?: string; message?: string };
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      if (/system/i.test(message)) return "system";
      return permission === "prompt" ? "undecided" : "denied";
    case "NotFoundError":
    case "OverconstrainedError":
    case "DevicesNotFoundError":
      return "missing";
    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

/** What the devices are called in a sentence. */
export const named = (sources: Source[]): string =>
  text(sources.length > 1 ? "device.kind.both" : `device.kind.${sources[0] ?? "microphone"}`);

/** What is wrong, in one sentence. */
export const troubleInWords = (trouble: Trouble, sources: Source[]): string =>
  text(`device.${trouble}`, { kind: named(sources) });

/** What to do about it, in one or two sentences. */
export function remedy(trouble: Trouble, sources: Source[], browser = ownBrowser()): string {
  const kind = named(sources);
  if (trouble === "denied") return text(`fix.denied.${browser}`, { kind });
  if (trouble === "system") return text(systemFix(), { kind });
  return text(`fix.${trouble}`, { kind });
}

function systemFix(): MessageKey {
  const system = ownSystem();
  switch (system) {
    case "mac":
    case "windows":
    case "ios":
    case "android":
      return `fix.system.${system}`;
    default:
      return "fix.system.other";
  }
}

/** Whether asking the browser again may help without a change elsewhere. */
export const mayBeAskedAgain = (trouble: Trouble, browser: Browser = ownBrowser()): boolean =>
  trouble === "undecided" ||
  trouble === "busy" ||
  trouble === "failed" ||
  // These two forget a "no" as soon as they are asked again.
  (trouble === "denied" && (browser === "safari" || browser === "safariIos"));

// LiveKit's own names for the same.
const fromLivekit: Record<string, Trouble> = {
  PermissionDenied: "denied",
  NotFound: "missing",
  DeviceInUse: "busy",
};

/** What to tell people in the call when a device did not start, as LiveKit's client names the failure. */
export function deviceFailure(
  source: Source,
  failure: string | undefined,
  secure = window.isSecureContext,
): string {
  const trouble: Trouble = secure ? (fromLivekit[failure ?? ""] ?? "failed") : "insecure";
  return troubleInWords(trouble, [source]);
}
