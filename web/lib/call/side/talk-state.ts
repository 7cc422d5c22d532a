// What has been said beside the pictures, and what changes it: chat, hands, reactions, short lines about who came and went.
import type { MeetingRole } from "@meetbox/client";
import type { Reaction, Stopped } from "./wire";

/** How many messages are kept; the oldest go first. */
export const MOST_MESSAGES = 500;
/** How many reactions float at once; more would hide the pictures. */
const MOST_FLOATS = 24;
/** Of several reactions in a row only one is read out, in milliseconds. */
const SPOKEN_EVERY = 4_000;

export type Side = "people" | "chat";

export interface Message {
  id: string;
  /** The identity of whoever said it. */
  from: string;
  /** What they were called then. */
  name: string;
  /** Whether nobody had checked the name. */
  guest?: boolean;
  own: boolean;
  at: number;
  text: string;
  /** Absent once it is on its way to everybody. */
  standing?: "sending" | "failed";
}

export interface Float {
  key: number;
  which: Reaction;
  name: string;
  own: boolean;
  at: number;
}

/** Something to know for a moment. */
export type News =
  | { about: "joined" | "left"; names: string[] }
  | { about: "hand"; name: string }
  | { about: "lowered"; name: string }
  | { about: "stopped"; what: Stopped; name: string }
  | { about: "role"; role: MeetingRole };

export interface Line {
  key: number;
  news: News;
}

export interface TalkState {
  side: Side | undefined;
  messages: readonly Message[];
  unread: number;
  /** Who said the latest that was not seen. */
  latest: string | undefined;
  draft: string;
  /** Since when whose hand is up, by identity, on this computer's clock. */
  hands: ReadonlyMap<string, number>;
  floats: readonly Float[];
  spoken: Float | undefined;
  lines: readonly Line[];
}

export const SILENCE: TalkState = {
  side: undefined,
  messages: [],
  unread: 0,
  latest: undefined,
  draft: "",
  hands: new Map(),
  floats: [],
  spoken: undefined,
  lines: [],
};

export type Deed =
  | { do: "show"; side: Side | undefined }
  | { do: "remember"; messages: readonly Message[]; draft: string }
  | { do: "hear"; message: Message }
  | { do: "say"; message: Message }
  | { do: "stand"; id: string; standing: Message["standing"] }
  | { do: "draft"; draft: string }
  | { do: "raise"; identity: string; at: number }
  | { do: "lower"; identity: string }
  | { do: "float"; float: Float }
  | { do: "sink"; key: number }
  | { do: "tell"; line: Line }
  | { do: "untell"; key: number };

const capped = (messages: readonly Message[]) => messages.slice(-MOST_MESSAGES);

export function after(state: TalkState, deed: Deed): TalkState {
  switch (deed.do) {
    case "show":
      if (deed.side !== "chat") return { ...state, side: deed.side };
      return { ...state, side: "chat", unread: 0, latest: undefined };
    case "remember":
      return remembered(state, deed.messages, deed.draft);
    case "hear":
      return heard(state, deed.message);
    case "say":
      return { ...state, messages: capped([...state.messages, deed.message]) };
    case "stand":
      return {
        ...state,
        messages: state.messages.map((one) =>
          one.own && one.id === deed.id ? { ...one, standing: deed.standing } : one,
        ),
      };
    case "draft":
      return { ...state, draft: deed.draft };
    case "raise":
      return { ...state, hands: new Map(state.hands).set(deed.identity, deed.at) };
    case "lower":
      return state.hands.has(deed.identity)
        ? { ...state, hands: without(state.hands, deed.identity) }
        : state;
    case "float":
      return floating(state, deed.float);
    case "sink":
      return { ...state, floats: state.floats.filter(({ key }) => key !== deed.key) };
    case "tell":
      return { ...state, lines: [...state.lines, deed.line].slice(-3) };
    case "untell":
      return { ...state, lines: state.lines.filter(({ key }) => key !== deed.key) };
  }
}

const isAmong = (messages: readonly Message[], message: Message) =>
  messages.some(({ id, from }) => id === message.id && from === message.from);

/** Something may have been said while it was looked up; and said again, which was read before the reload. */
function remembered(state: TalkState, kept: readonly Message[], draft: string): TalkState {
  const since = state.messages.filter((message) => !isAmong(kept, message));
  const unread = state.side === "chat" ? [] : since.filter(({ own }) => !own);
  return {
    ...state,
    messages: capped([...kept, ...since]),
    draft: state.draft || draft,
    unread: unread.length,
    latest: unread.at(-1)?.name,
  };
}

function heard(state: TalkState, message: Message): TalkState {
  // What is sent again after a broken connection may have arrived before.
  if (isAmong(state.messages, message)) return state;
  const messages = capped([...state.messages, message]);
  if (state.side === "chat") return { ...state, messages };
  return { ...state, messages, unread: state.unread + 1, latest: message.name };
}

function floating(state: TalkState, float: Float): TalkState {
  const isSpoken = !float.own && float.at - (state.spoken?.at ?? 0) >= SPOKEN_EVERY;
  return {
    ...state,
    floats: [...state.floats, float].slice(-MOST_FLOATS),
    spoken: isSpoken ? float : state.spoken,
  };
}

function without(hands: ReadonlyMap<string, number>, identity: string): ReadonlyMap<string, number> {
  const rest = new Map(hands);
  rest.delete(identity);
  return rest;
}

/** Whose hands are up, the first one first. */
export const handsInOrder = (hands: ReadonlyMap<string, number>): string[] =>
  [...hands]
    .sort(([one, since], [other, until]) => since - until || (one < other ? -1 : 1))
    .map(([who]) => who);
