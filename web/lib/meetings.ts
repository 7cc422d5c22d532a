// One's meetings as the home page shows them, and what can be done with each.
import {
  changeMeeting,
  createInvitation,
  createMeeting,
  deleteMeeting,
  endMeeting,
  getMeeting,
  listInvitations,
  listMeetings,
  listParticipants,
  revokeInvitation,
  type InvitationRequest,
  type Meeting,
  type MeetingChange,
  type MeetingRequest,
  type MeetingState,
} from "@meetbox/client";
import { outcome, type Outcome } from "./api";
import { pagesOf, type Listing } from "./use-loaded";

export interface LiveMeeting {
  meeting: Meeting;
  /** The first few who are in it. */
  names: string[];
  /** Whether there are more than these. */
  more: boolean;
}

export interface MeetingGroups {
  live: LiveMeeting[];
  /** The next one first. */
  upcoming: Meeting[];
  /** Those that are over or were never held, the latest first. */
  recent: Listing<Meeting>;
}

const PAGE = 50;
const NAMES = 6;

const pageOf = (state?: MeetingState) => (cursor: string | undefined) =>
  outcome(listMeetings({ query: { state, cursor, limit: PAGE } }));

/** `pages` says how far back to look. */
export async function meetingGroups(pages: number): Promise<Outcome<MeetingGroups>> {
  const [live, upcoming, all] = await Promise.all([
    pagesOf(pageOf("live"), 1),
    pagesOf(pageOf("upcoming"), pages),
    pagesOf(pageOf(), pages),
  ]);
  if (!live.ok) return live;
  if (!upcoming.ok) return upcoming;
  if (!all.ok) return all;
  const over = all.value.items.filter(({ state }) => state === "past" || state === "new");
  return {
    ok: true,
    value: {
      live: await Promise.all(live.value.items.map(withNames)),
      upcoming: upcoming.value.items.sort(by(({ starts_at }) => starts_at ?? "")),
      recent: { items: over.sort(by(lastHeld)).reverse(), more: all.value.more },
    },
  };
}

async function withNames(meeting: Meeting): Promise<LiveMeeting> {
  const path = { meeting_id: meeting.id };
  const answer = await outcome(listParticipants({ path, query: { present: true, limit: NAMES } }));
  if (!answer.ok) return { meeting, names: [], more: false };
  const { items, next_cursor } = answer.value;
  return { meeting, names: items.map(({ name }) => name), more: next_cursor !== undefined };
}

/** When a meeting was last something to somebody: held, planned for, made. */
export function lastHeld({ ended_at, starts_at, created_at }: Meeting): string {
  const planned = starts_at && starts_at > created_at ? starts_at : created_at;
  return ended_at && ended_at > planned ? ended_at : planned;
}

const by =
  (key: (meeting: Meeting) => string) =>
  (one: Meeting, other: Meeting): number =>
    key(one).localeCompare(key(other));

export const nameOf = ({ title, room_name }: Meeting): string => title ?? room_name;

/** The address that everybody joins at. */
export const linkTo = (roomName: string): string => `${window.location.origin}/m/${roomName}`;

export const make = (wish: MeetingRequest): Promise<Outcome<Meeting>> =>
  outcome(createMeeting({ body: wish }));

export interface ReadMeeting {
  meeting: Meeting;
  /** Names the version that was read. */
  tag: string;
}

/** A meeting to be changed. */
export async function read(id: string): Promise<Outcome<ReadMeeting>> {
  const request = getMeeting({ path: { meeting_id: id } });
  const answer = await outcome(request);
  if (!answer.ok) return answer;
  const { response } = await request;
  return { ok: true, value: { meeting: answer.value, tag: response.headers.get("ETag") ?? "" } };
}

/** Refused when somebody else changed it meanwhile. */
export const change = ({ meeting, tag }: ReadMeeting, body: MeetingChange): Promise<Outcome<Meeting>> =>
  outcome(changeMeeting({ path: { meeting_id: meeting.id }, headers: { "If-Match": tag }, body }));

export const end = (id: string): Promise<Outcome<unknown>> =>
  outcome(endMeeting({ path: { meeting_id: id } }));

export const remove = (id: string): Promise<Outcome<unknown>> =>
  outcome(deleteMeeting({ path: { meeting_id: id } }));

export const invitations = (id: string, cursor: string | undefined) =>
  outcome(listInvitations({ path: { meeting_id: id }, query: { cursor } }));

export const invite = (id: string, body: InvitationRequest) =>
  outcome(createInvitation({ path: { meeting_id: id }, body }));

export const uninvite = (id: string, invitationId: string): Promise<Outcome<unknown>> =>
  outcome(revokeInvitation({ path: { meeting_id: id, invitation_id: invitationId } }));
