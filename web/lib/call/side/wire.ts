// What the browsers in a call tell each other over LiveKit's data channel. Whatever comes in is read with distrust.

/** Under which topic all of it is sent. */
export const TOPIC = "meetbox.talk";

/** The longest message, in characters as JavaScript counts them. */
export const LONGEST = 2_000;

/** More than the longest message takes, whatever letters it is written in. */
const MOST_BYTES = 12_000;

/** No meeting lasts longer. */
const MOST_AGE = 24 * 60 * 60 * 1000;

export const REACTIONS = ["like", "applause", "heart", "laugh", "surprise", "celebrate"] as const;
export type Reaction = (typeof REACTIONS)[number];

/** What a host can stop, and says that they did: LiveKit does not tell by whom. */
export const STOPPED = ["microphone", "camera", "screen"] as const;
export type Stopped = (typeof STOPPED)[number];

export type Word =
  | { kind: "chat"; id: string; text: string }
  /** For how many milliseconds the hand is up: clocks differ, the time that passes does not. */
  | { kind: "hand"; up: true; age: number }
  | { kind: "hand"; up: false }
  /** A host asks for the hand to be taken down. */
  | { kind: "lower" }
  /** Somebody who may have missed something asks for it: a hand that is up, and what was said since one came. */
  | { kind: "hello" }
  | { kind: "reaction"; which: Reaction }
  | { kind: "stopped"; what: Stopped };

export const encode = (word: Word): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(word));

/** What somebody said; nothing when it is not as we say it. */
export function decode(payload: Uint8Array): Word | undefined {
  if (payload.byteLength > MOST_BYTES) return undefined;
  try {
    return wordIn(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)));
  } catch {
    return undefined;
  }
}

function wordIn(found: unknown): Word | undefined {
  if (typeof found !== "object" || found === null) return undefined;
  const { kind, id, text, up, age, which, what } = found as Record<string, unknown>;
  switch (kind) {
    case "chat": {
      const words = cleaned(text);
      const isWhole = isId(id) && words !== undefined;
      return isWhole ? { kind, id, text: words } : undefined;
    }
    case "hand":
      if (up === false) return { kind, up };
      if (up !== true || typeof age !== "number" || !Number.isFinite(age)) return undefined;
      return { kind, up, age: Math.min(Math.max(age, 0), MOST_AGE) };
    case "lower":
    case "hello":
      return { kind };
    case "reaction": {
      const reaction = REACTIONS.find((one) => one === which);
      return reaction && { kind, which: reaction };
    }
    case "stopped": {
      const stopped = STOPPED.find((one) => one === what);
      return stopped && { kind, what: stopped };
    }
    default:
      return undefined;
  }
}

const isId = (id: unknown): id is string => typeof id === "string" && /^[\w-]{1,64}$/.test(id);

// Characters that are nothing to read: they only serve to break the page or to pass for another text.
// What turns the direction of writing is among them: with it an address can be shown as another.
const UNREADABLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A message without what nobody can read; nothing when none is left, or too much. */
export function cleaned(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > LONGEST) return undefined;
  const words = text.replace(/\r\n?/g, "\n").replace(UNREADABLE, "").trim();
  return words === "" ? undefined : words;
}

/** An id for a message; the browser's own `randomUUID` is not there on plain http. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
