// A meeting's door: what it takes to come in, asking to, waiting, and giving up waiting.
import {
  createToken,
  getJoinInfo,
  getLobbyTicket,
  leaveLobby,
  type CreateTokenResponse,
  type JoinInfo,
  type Token,
} from "@meetbox/client";
import { outcome, type Failure, type Outcome } from "./api";
import { doorstep, keepDoorstep, type Doorstep } from "./doorstep";
import { patiently } from "./patience";

/** Who asks to come in, with what they typed. */
export interface Knock {
  name: string;
  passcode?: string;
}

export type Entrance = { in: true; token: Token } | { in: false };

/** What is said of recordings before anybody comes in. */
export interface Recorded {
  /** It is recorded as soon as somebody is in it. */
  always: boolean;
  /** Since when it is being recorded. */
  since?: string;
}

/** What somebody has to agree to before they come in; nothing where nobody records. */
export function recordedIn(
  told: Pick<JoinInfo | Token, "auto_record" | "recorded_since">,
): Recorded | undefined {
  const { auto_record: always, recorded_since: since } = told;
  return always || since ? { always, since } : undefined;
}

export function joinInfo(roomName: string): Promise<Outcome<JoinInfo>> {
  return outcome(getJoinInfo({ path: { room_name: roomName } }));
}

/** Asks to come in; what the answer says is kept for the next time. */
export async function knock(roomName: string, { name, passcode }: Knock): Promise<Outcome<Entrance>> {
  const { ticket, invitation } = doorstep(roomName);
  const body = { room_name: roomName, name, passcode, ticket, invitation };
  const answer = await patiently(() => outcome(createToken({ body })));
  if (!answer.ok) {
    keepDoorstep(roomName, afterRefusal(answer.failure));
    return answer;
  }
  keepDoorstep(roomName, afterAnswer(answer.value));
  return { ok: true, value: entranceOf(answer.value) };
}

/**
 * Asks again for somebody who waits. A guest looks at their ticket, of which an address may look at many; only when that no
 * longer waits is there something to ask for at the door.
 */
export async function knockAgain(roomName: string, knocker: Knock): Promise<Outcome<Entrance>> {
  const { ticket } = doorstep(roomName);
  if (ticket) {
    const answer = await outcome(getLobbyTicket({ headers: { Authorization: `Bearer ${ticket}` } }));
    if (answer.ok && answer.value.state === "waiting") {
      keepDoorstep(roomName, { waitedAt: Date.now() });
      return { ok: true, value: { in: false } };
    }
    if (!answer.ok && keepsWaiting(answer.failure) && answer.failure.code !== "credential-unknown")
      return answer;
  }
  return knock(roomName, knocker);
}

/** What an answer of the API means. */
export function entranceOf(answer: CreateTokenResponse): Entrance {
  return "token" in answer ? { in: true, token: answer } : { in: false };
}

/** What to keep of an answer. An invitation that has let somebody in stands in their ticket from then on. */
export function afterAnswer(answer: CreateTokenResponse, now = Date.now()): Partial<Doorstep> {
  const ticket = answer.ticket === undefined ? {} : { ticket: answer.ticket };
  if ("token" in answer)
    return { ...ticket, invitation: undefined, waitedAt: undefined, waitingSince: undefined };
  return { ...ticket, waitedAt: now, waitingSince: answer.waiting_since };
}

/** What to forget after a refusal: the next try goes without an invitation that is no longer good. */
export function afterRefusal(failure: Failure): Partial<Doorstep> {
  const waits = keepsWaiting(failure) ? {} : { waitedAt: undefined, waitingSince: undefined };
  return failure.code === "invitation-invalid" ? { ...waits, invitation: undefined } : waits;
}

const decisions = new Set([
  "account-needed",
  "invitation-needed",
  "invitation-invalid",
  "passcode-needed",
  "passcode-wrong",
  "passcode-delayed",
  "meeting-locked",
  "lobby-denied",
  "removed-from-meeting",
  "meeting-not-found",
]);

/** Whether somebody who waits goes on waiting: nothing was decided, the server was only away or busy. */
export function keepsWaiting(failure: Failure): boolean {
  return failure.code === undefined || !decisions.has(failure.code);
}

/** Gives a place in the lobby back. Without a ticket (somebody signed in) it is gone half a minute after the last asking. */
export async function stopWaiting(roomName: string): Promise<void> {
  const { ticket } = doorstep(roomName);
  keepDoorstep(roomName, { ticket: undefined, waitedAt: undefined, waitingSince: undefined });
  if (ticket) await outcome(leaveLobby({ headers: { Authorization: `Bearer ${ticket}` }, keepalive: true }));
}
