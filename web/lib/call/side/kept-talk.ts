// The chat as the tab keeps it: it outlasts a reload, and nobody finds it in another sitting or another tab.
import { MOST_MESSAGES, type Message } from "./talk-state";
import { LONGEST } from "./wire";

/** How many characters are kept; writing more would be felt with each message. */
const MOST_CHARACTERS = 200_000;

export interface KeptTalk {
  messages: readonly Message[];
  draft: string;
}

const NOTHING: KeptTalk = { messages: [], draft: "" };
const key = (roomName: string) => `meetbox.talk.${roomName}`;

/** Reads what was kept of `sitting`; whatever is not as we write it is passed over. */
export function keptIn(stored: string | null, sitting: string): KeptTalk {
  try {
    const found = JSON.parse(stored ?? "{}") as Record<string, unknown>;
    if (found.sitting !== sitting || !Array.isArray(found.messages)) return NOTHING;
    return {
      messages: found.messages.flatMap((one) => messageIn(one) ?? []).slice(-MOST_MESSAGES),
      draft: typeof found.draft === "string" ? found.draft.slice(0, LONGEST) : "",
    };
  } catch {
    return NOTHING;
  }
}

function messageIn(found: unknown): Message | undefined {
  if (typeof found !== "object" || found === null) return undefined;
  const { id, from, name, guest, own, at, text, standing } = found as Record<string, unknown>;
  const isWhole =
    typeof id === "string" &&
    typeof from === "string" &&
    typeof name === "string" &&
    typeof at === "number" &&
    typeof text === "string";
  if (!isWhole) return undefined;
  const message: Message = { id, from, name, own: own === true, at, text };
  if (guest === true) message.guest = true;
  // Nothing sends it any more: somebody has to say so.
  return standing === undefined ? message : { ...message, standing: "failed" };
}

/** What is written down of a sitting: the latest messages that fit. */
export function toKeep(sitting: string, { messages, draft }: KeptTalk): string {
  let room = MOST_CHARACTERS;
  const fitting = [...messages].reverse().filter(({ text }) => (room -= text.length) >= 0);
  return JSON.stringify({ sitting, messages: fitting.reverse(), draft });
}

// Storage may be switched off or full; then the chat lasts as long as the page.
export function kept(roomName: string, sitting: string): KeptTalk {
  try {
    return keptIn(window.sessionStorage.getItem(key(roomName)), sitting);
  } catch {
    return NOTHING;
  }
}

export function keep(roomName: string, sitting: string, talk: KeptTalk) {
  try {
    window.sessionStorage.setItem(key(roomName), toKeep(sitting, talk));
  } catch {
    // As said above: no storage is no failure.
  }
}
