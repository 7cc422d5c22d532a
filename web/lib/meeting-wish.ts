// A meeting as its form has it, and what the form says to the API.
import type { Access, Lobby, Meeting, MeetingChange, MeetingRequest, Publish, Source } from "@meetbox/client";
import type { MessageKey } from "./messages";
import { fromField, toField } from "./moments";
import { faultOf, tidied } from "./room-name";

/** What somebody may let others see and hear, as people think of it: a screen comes with its sound. */
export type Medium = "microphone" | "camera" | "screen";

export const MEDIA: readonly Medium[] = ["microphone", "camera", "screen"];

const sources: Record<Medium, Source[]> = {
  microphone: ["microphone"],
  camera: ["camera"],
  screen: ["screen_share", "screen_share_audio"],
};

export interface MeetingWish {
  title: string;
  /** Empty: one is made up. */
  roomName: string;
  /** As a field for day and time has it. */
  startsAt: string;
  /** Empty: as the server has it. */
  access: Access | "";
  passcode: string;
  lobby: Lobby | "";
  autoRecord: boolean;
  speaker: Medium[];
  viewer: Medium[];
  /** For how many days its recordings are kept; empty: as the server has it. */
  days: string;
  /** How many gigabytes they may take. */
  gigabytes: string;
}

export const EMPTY_WISH: MeetingWish = {
  title: "",
  roomName: "",
  startsAt: "",
  access: "",
  passcode: "",
  lobby: "",
  autoRecord: false,
  speaker: [...MEDIA],
  viewer: [],
  days: "",
  gigabytes: "",
};

const GIGABYTE = 1_000_000_000;

const mediaOf = (allowed: Source[]): Medium[] =>
  MEDIA.filter((medium) => sources[medium].some((source) => allowed.includes(source)));

/** A meeting that there is, in the form. */
export function wishOf(meeting: Meeting): MeetingWish {
  const { title, starts_at, publish, recording_retention_days, recording_retention_bytes } = meeting;
  return {
    title: title ?? "",
    roomName: meeting.room_name,
    startsAt: starts_at ? toField(starts_at) : "",
    access: meeting.access,
    passcode: "",
    lobby: meeting.lobby,
    autoRecord: meeting.auto_record,
    speaker: mediaOf(publish.speaker),
    viewer: mediaOf(publish.viewer),
    days: recording_retention_days?.toString() ?? "",
    gigabytes: recording_retention_bytes === undefined ? "" : String(recording_retention_bytes / GIGABYTE),
  };
}

export type WishFaults = Partial<Record<keyof MeetingWish, MessageKey>>;

/** What is wrong with a wish. `hasPasscode`: an old one stays when none is typed. */
export function faultsOf(wish: MeetingWish, hasPasscode: boolean): WishFaults {
  const faults: WishFaults = {};
  const nameFault = wish.roomName === "" ? undefined : faultOf(roomNameOf(wish));
  if (nameFault) faults.roomName = `roomName.${nameFault}`;
  if ([...wish.title].length > 200) faults.title = "meetingForm.titleLong";
  if (wish.startsAt !== "" && !fromField(wish.startsAt)) faults.startsAt = "meetingForm.startsWrong";
  const typed = [...wish.passcode].length;
  const mustType = wish.access === "passcode" && !hasPasscode;
  if (wish.access === "passcode" && (mustType || typed > 0) && (typed < 4 || typed > 64))
    faults.passcode = "meetingForm.passcodeWrong";
  if (wish.days !== "" && !isWhole(wish.days, 1, 36_500)) faults.days = "meetingForm.daysWrong";
  if (wish.gigabytes !== "" && !(Number(wish.gigabytes) >= 0.001 && Number(wish.gigabytes) <= 9_000_000))
    faults.gigabytes = "meetingForm.gigabytesWrong";
  return faults;
}

function isWhole(value: string, least: number, most: number): boolean {
  const number = Number(value);
  return Number.isInteger(number) && number >= least && number <= most;
}

/** The name in the link: as it was typed if that will do, else tidied up. */
const roomNameOf = ({ roomName }: MeetingWish): string => (faultOf(roomName) ? tidied(roomName) : roomName);

const publishOf = ({ speaker, viewer }: MeetingWish): Publish => ({
  speaker: speaker.flatMap((medium) => sources[medium]),
  viewer: viewer.flatMap((medium) => sources[medium]),
});

const passcodeOf = ({ access, passcode }: MeetingWish) =>
  access === "passcode" && passcode !== "" ? passcode : undefined;

const daysOf = ({ days }: MeetingWish) => (days === "" ? undefined : Number(days));

const bytesOf = ({ gigabytes }: MeetingWish) =>
  gigabytes === "" ? undefined : Math.round(Number(gigabytes) * GIGABYTE);

/** What to make. */
export function requestOf(wish: MeetingWish): MeetingRequest {
  return {
    room_name: wish.roomName === "" ? undefined : roomNameOf(wish),
    title: wish.title.trim() || undefined,
    starts_at: fromField(wish.startsAt),
    access: wish.access || undefined,
    lobby: wish.lobby || undefined,
    passcode: passcodeOf(wish),
    publish: publishOf(wish),
    auto_record: wish.autoRecord,
    recording_retention_days: daysOf(wish),
    recording_retention_bytes: bytesOf(wish),
  };
}

/** What to change of a meeting that was read as `before`; what is the same is left out. */
export function changeOf(wish: MeetingWish, before: MeetingWish): MeetingChange {
  const differs = (...names: (keyof MeetingWish)[]) =>
    names.some((name) => JSON.stringify(wish[name]) !== JSON.stringify(before[name]));
  return {
    ...(differs("title") && { title: wish.title.trim() || null }),
    ...(differs("startsAt") && { starts_at: fromField(wish.startsAt) ?? null }),
    ...(differs("access") && { access: wish.access || undefined }),
    ...(differs("lobby") && { lobby: wish.lobby || undefined }),
    ...(passcodeOf(wish) && { passcode: passcodeOf(wish) }),
    ...(differs("speaker", "viewer") && { publish: publishOf(wish) }),
    ...(differs("autoRecord") && { auto_record: wish.autoRecord }),
    ...(differs("days") && { recording_retention_days: daysOf(wish) ?? null }),
    ...(differs("gigabytes") && { recording_retention_bytes: bytesOf(wish) ?? null }),
  };
}
