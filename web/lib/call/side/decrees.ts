// What hosts decide from within the call, beyond what `lib/hosting.ts` has: all microphones, recording, sharing for everybody.
import {
  startRecording,
  stopRecording,
  type Publish,
  type RecordingLayout,
  type Source,
} from "@meetbox/client";
import { outcome, type Outcome } from "@/lib/api";
import { by, mute, type Chair } from "@/lib/hosting";
import type { Person } from "./person";

/** Where a host decides. */
export interface Bench {
  chair: Chair;
  /** Does what was decided, and shows what went wrong; answers whether it was done. */
  decree: (deed: (chair: Chair) => Promise<Outcome<unknown>>) => Promise<boolean>;
}

/** Whose microphone is on, besides one's own. */
export const audible = (people: readonly Person[]): Person[] =>
  people.filter(({ own, microphone }) => !own && microphone !== undefined);

/** One after the other: a large meeting is no reason to hit the API at once. Goes on when one fails, and answers the first failure. */
export async function muteAll(
  chair: Chair,
  people: readonly Person[],
  onMuted: (person: Person) => void,
): Promise<Outcome<unknown>> {
  let worst: Outcome<unknown> = { ok: true, value: undefined };
  for (const person of audible(people)) {
    const answer = await mute(chair, person.identity, person.microphone ?? "");
    const isGone = !answer.ok && answer.failure.code === "nobody-there";
    if (answer.ok) onMuted(person);
    else if (worst.ok && !isGone) worst = answer;
  }
  return worst;
}

export const record = (chair: Chair, room_name: string, layout: RecordingLayout): Promise<Outcome<unknown>> =>
  outcome(startRecording({ ...by(chair), body: { room_name, layout } }));

export const stopRecord = (chair: Chair, room_name: string): Promise<Outcome<unknown>> =>
  outcome(stopRecording({ ...by(chair), body: { room_name } }));

const SCREEN: readonly Source[] = ["screen_share", "screen_share_audio"];

/** Whether speakers may show their screen. */
export const mayShare = ({ speaker }: Publish): boolean => speaker.includes("screen_share");

/** The same with or without their screens. */
export function withShare({ speaker, viewer }: Publish, may: boolean): Publish {
  const rest = speaker.filter((source) => !SCREEN.includes(source));
  return { speaker: may ? [...rest, ...SCREEN] : rest, viewer };
}
