// The app's only way to the API: the generated client, with every failure turned into words.
import {
  createMeeting,
  createToken,
  listMeetings,
  type ListMeetingsData,
  type Meeting,
  type Token,
} from "@meetbox/client";
import { text } from "./messages";

export interface Failure {
  /** A sentence for people. */
  message: string;
  /** The API's stable name for what went wrong, when it gave one. */
  code?: string;
  requestId?: string;
}

export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: Failure };

interface Answer<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

/** What to tell people about `error`, which is a problem document whenever the API itself has spoken. */
export function failureOf(error: unknown, status: number | undefined): Failure {
  const problem = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const word = (name: string) => (typeof problem[name] === "string" ? problem[name] : undefined);

  if (status === undefined) return { message: text("error.offline") };
  const message = word("detail") ?? word("title") ?? text("error.answer", { status });
  return { message, code: word("code"), requestId: word("request_id") };
}

async function outcome<T>(request: Promise<Answer<T>>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await request;
    if (response?.ok && data !== undefined) return { ok: true, value: data };
    return { ok: false, failure: failureOf(error, response?.status) };
  } catch {
    return { ok: false, failure: failureOf(undefined, undefined) };
  }
}

export function startMeeting(roomName: string): Promise<Outcome<Meeting>> {
  return outcome(createMeeting({ body: { room_name: roomName } }));
}

export function tokenFor(roomName: string, name: string): Promise<Outcome<Token>> {
  return outcome(createToken({ body: { room_name: roomName, name } }));
}

/** The newest meetings; nothing when the API does not show them to us. */
export async function meetings(query: ListMeetingsData["query"]): Promise<Meeting[]> {
  const answer = await outcome(listMeetings({ query }));
  return answer.ok ? answer.value.items : [];
}
