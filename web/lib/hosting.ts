// What hosts decide about who is in their meeting, and about who waits outside.
import {
  changeParticipant,
  decideLobby,
  decideTicket,
  endMeeting,
  listLobby,
  lockMeeting,
  muteParticipant,
  removeParticipant,
  type DecisionView,
  type MeetingRole,
  type Waiter,
} from "@meetbox/client";
import { outcome, type Outcome } from "./api";

/** Somebody's right to run a meeting. */
export interface Chair {
  meetingId: string;
  /** A guest's, who is a host by invitation; who is signed in needs none. */
  ticket?: string;
}

export const by = ({ ticket }: Chair) => (ticket ? { headers: { Authorization: `Bearer ${ticket}` } } : {});
const at = (chair: Chair) => ({ path: { meeting_id: chair.meetingId }, ...by(chair) });
const on = (chair: Chair, identity: string) => ({
  path: { meeting_id: chair.meetingId, identity },
  ...by(chair),
});

export async function waiters(chair: Chair): Promise<Outcome<Waiter[]>> {
  const answer = await outcome(listLobby(at(chair)));
  return answer.ok ? { ok: true, value: answer.value.items } : answer;
}

/** Decides about somebody who waits, or about all. */
export function decide(
  chair: Chair,
  ticketId: string | "all",
  decision: DecisionView,
): Promise<Outcome<unknown>> {
  const body = { decision };
  if (ticketId === "all") return outcome(decideLobby({ ...at(chair), body }));
  return outcome(
    decideTicket({ ...by(chair), path: { meeting_id: chair.meetingId, ticket_id: ticketId }, body }),
  );
}

export const mute = (chair: Chair, identity: string, trackSid: string): Promise<Outcome<unknown>> =>
  outcome(muteParticipant({ ...on(chair, identity), body: { track_sid: trackSid } }));

export const remove = (chair: Chair, identity: string): Promise<Outcome<unknown>> =>
  outcome(removeParticipant(on(chair, identity)));

export const giveRole = (chair: Chair, identity: string, role: MeetingRole): Promise<Outcome<unknown>> =>
  outcome(changeParticipant({ ...on(chair, identity), body: { role } }));

export const lock = (chair: Chair): Promise<Outcome<unknown>> =>
  outcome(lockMeeting({ ...at(chair), body: { locked: true } }));

export const unlock = (chair: Chair): Promise<Outcome<unknown>> =>
  outcome(lockMeeting({ ...at(chair), body: { locked: false } }));

export const endForAll = (chair: Chair): Promise<Outcome<unknown>> => outcome(endMeeting(at(chair)));
