// The app's only way to the API: the generated client, with every failure turned into words.
import { client, createMeeting, type Meeting } from "@meetbox/client";
import { text } from "./messages";

/** How long an answer may take, in milliseconds: in a network that swallows everything, nothing else ends the wait. */
const LONGEST = 30_000;

client.setConfig({
  fetch: (input, init) => {
    const late = AbortSignal.timeout(LONGEST);
    const own = input instanceof Request ? input.signal : init?.signal;
    // Browsers of before 2024 cannot join the two.
    const signal = own && "any" in AbortSignal ? AbortSignal.any([own, late]) : late;
    return fetch(input, { ...init, signal });
  },
});

export interface Failure {
  /** A sentence for people. */
  message: string;
  /** The API's stable name for what went wrong, when it gave one. */
  code?: string;
  requestId?: string;
  /** In how many seconds to try again, when the API said so. */
  retryAfter?: number;
}

export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: Failure };

interface Answer<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

/** What to tell people about `error`, which is a problem document whenever the API itself has spoken. */
export function failureOf(error: unknown, status: number | undefined, retryAfter?: string | null): Failure {
  const problem = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const word = (name: string) => (typeof problem[name] === "string" ? problem[name] : undefined);

  if (status === undefined) return { message: text("error.offline") };
  const message = word("detail") ?? word("title") ?? text("error.answer", { status });
  const failure: Failure = { message, code: word("code"), requestId: word("request_id") };
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return seconds > 0 ? { ...failure, retryAfter: seconds } : failure;
}

/** What became of a request of the generated client; it never throws. */
export async function outcome<T>(request: Promise<Answer<T>>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await request;
    if (response?.ok && data !== undefined) return { ok: true, value: data };
    return { ok: false, failure: failureOf(error, response?.status, response?.headers.get("Retry-After")) };
  } catch {
    return { ok: false, failure: failureOf(undefined, undefined) };
  }
}

export function startMeeting(roomName: string): Promise<Outcome<Meeting>> {
  return outcome(createMeeting({ body: { room_name: roomName } }));
}
