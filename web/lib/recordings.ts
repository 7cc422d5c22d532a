// Recordings: asked for as the address has it, and what they say about themselves.
import {
  deleteRecording,
  getRecording,
  getRecordingSlots,
  holdRecording,
  listRecordings,
  stopRecording,
  type Recording,
  type RecordingSlots,
  type RecordingStatus,
} from "@meetbox/client";
import { outcome, type Outcome } from "./api";
import { dayStart } from "./moments";
import type { Listing } from "./use-loaded";

export const STATUSES: readonly RecordingStatus[] = [
  "requested",
  "starting",
  "active",
  "stopping",
  "uploading",
  "complete",
  "partial",
  "limit_reached",
  "failed",
  "aborted",
];

/** Which recordings are shown; in the address of the page under these names. */
export interface RecordingFilter {
  /** The room name of their meeting. */
  meeting: string;
  status: RecordingStatus | "";
  /** Days as a field for them has it, the last one included. */
  from: string;
  to: string;
  order: "" | "oldest";
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What an address asks for; what is not as we write it is passed over. */
export function filterIn(query: URLSearchParams): RecordingFilter {
  const value = (name: string) => query.get(name) ?? "";
  const day = (name: string) => (DAY.test(value(name)) ? value(name) : "");
  return {
    meeting: value("meeting").trim().toLowerCase(),
    status: STATUSES.find((status) => status === value("status")) ?? "",
    from: day("from"),
    to: day("to"),
    order: value("order") === "oldest" ? "oldest" : "",
  };
}

export const isFiltered = ({ meeting, status, from, to }: RecordingFilter): boolean =>
  [meeting, status, from, to].some((value) => value !== "");

const PAGE = 25;

export function recordings(
  { meeting, status, from, to, order }: RecordingFilter,
  cursor: string | undefined,
) {
  const query = {
    room_name: meeting || undefined,
    status: status || undefined,
    from: from ? dayStart(from) : undefined,
    to: to ? dayStart(to, 1) : undefined,
    order: order === "oldest" ? ("oldest_first" as const) : undefined,
    cursor,
    limit: PAGE,
  };
  return outcome(listRecordings({ query }));
}

export const recording = (id: string): Promise<Outcome<Recording>> =>
  outcome(getRecording({ path: { recording_id: id } }));

export const slots = (): Promise<Outcome<RecordingSlots>> => outcome(getRecordingSlots());

export const stop = (id: string): Promise<Outcome<Recording>> =>
  outcome(stopRecording({ body: { recording_id: id } }));

export const hold = (id: string, on_hold: boolean): Promise<Outcome<Recording>> =>
  outcome(holdRecording({ path: { recording_id: id }, body: { on_hold } }));

export const remove = (id: string): Promise<Outcome<unknown>> =>
  outcome(deleteRecording({ path: { recording_id: id } }));

/** Where its file is played from. */
export const mediaOf = ({ id }: Recording): string => `/recordings/${id}/media`;

const running: readonly RecordingStatus[] = ["requested", "starting", "active", "stopping"];
const withFile: readonly RecordingStatus[] = ["complete", "partial", "limit_reached"];

/** Whether it goes on, so that it cannot be deleted. */
export const isRunning = ({ status }: Recording): boolean => running.includes(status);

/** Whether it can still be told to stop. */
export const canStop = (it: Recording): boolean => isRunning(it) && it.status !== "stopping";

export const hasFile = ({ status }: Recording): boolean => withFile.includes(status);

/** Whether it is going to stand elsewhere soon. */
export const isMoving = (it: Recording): boolean => isRunning(it) || it.status === "uploading";

export type Mood = "good" | "bad" | "warn" | "plain";

export function moodOf({ status }: Recording): Mood {
  switch (status) {
    case "active":
      return "good";
    case "failed":
      return "bad";
    case "partial":
    case "limit_reached":
    case "uploading":
      return "warn";
    default:
      return "plain";
  }
}

/** How much of it has come to storage, from 0 to 1; nothing when that is not known. */
export function uploadedShare({ status, uploaded, size }: Recording): number | undefined {
  if (status !== "uploading" || uploaded === undefined || !size) return undefined;
  return Math.min(1, uploaded / size);
}

/** For how many seconds it has recorded at `now`, or recorded. */
export function lengthOf({ status, duration, started_at }: Recording, now: number): number | undefined {
  if (duration !== undefined) return duration;
  if (status !== "active" || !started_at) return undefined;
  return Math.max(0, (now - new Date(started_at).getTime()) / 1000);
}

/** In how many seconds to look again. */
export const pauseFor = ({ items }: Listing<Recording>): number => (items.some(isMoving) ? 3 : 20);
