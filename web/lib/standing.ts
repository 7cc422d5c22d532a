// What LiveKit tells of people and the meeting on behalf of our API: roles, guests, the lock, what may be published.
import type { MeetingRole } from "@meetbox/client";
import { Track } from "livekit-client";

/** What somebody is called: by their identity where they gave no name. */
export function nameOf({ name, identity }: { name?: string; identity: string }): string {
  return name || identity;
}

/** The role that the API gave a participant. */
export function roleOf(attributes: Record<string, string> | undefined): MeetingRole | undefined {
  const role = attributes?.["meetbox.role"];
  return role === "host" || role === "speaker" || role === "viewer" ? role : undefined;
}

/** Whether nobody has checked the name. */
export function isGuest(attributes: Record<string, string> | undefined): boolean {
  return attributes?.["meetbox.guest"] === "true";
}

/** What our API wrote into the room's metadata. */
interface Notice {
  locked?: unknown;
  recording?: { since?: unknown } | null;
}

function noticeIn(metadata: string | undefined): Notice {
  try {
    return (JSON.parse(metadata || "{}") as Notice | null) ?? {};
  } catch {
    return {};
  }
}

/** Whether the room's metadata says that the meeting is locked. */
export function isLocked(metadata: string | undefined): boolean {
  return noticeIn(metadata).locked === true;
}

/** Since when the meeting is recorded, as the room's metadata says; nothing while it is not. */
export function recordedSince(metadata: string | undefined): Date | undefined {
  const since = noticeIn(metadata).recording?.since;
  const moment = new Date(typeof since === "string" ? since : Number.NaN);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** What LiveKit tells somebody of their permissions. */
export interface Permissions {
  canPublish: boolean;
  canPublishSources: number[];
}

type Publishable = Track.Source.Camera | Track.Source.Microphone | Track.Source.ScreenShare;

// As livekit_models.proto numbers them.
const numbers: Record<Publishable, number> = {
  [Track.Source.Camera]: 1,
  [Track.Source.Microphone]: 2,
  [Track.Source.ScreenShare]: 3,
};

/** Whether somebody with these permissions may publish a source; an empty list of sources leaves out none. */
export function mayPublish(permissions: Permissions | undefined, source: Publishable): boolean {
  if (!permissions) return true;
  const { canPublish, canPublishSources } = permissions;
  return canPublish && (canPublishSources.length === 0 || canPublishSources.includes(numbers[source]));
}

/** The same, from a token that was not used yet, so that nobody is asked for a device that stays off. */
export function tokenLetsPublish(token: string, source: Publishable): boolean {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    const { video } = JSON.parse(new TextDecoder().decode(bytes)) as { video?: Record<string, unknown> };
    const sources = Array.isArray(video?.canPublishSources) ? video.canPublishSources : [];
    return video?.canPublish !== false && (sources.length === 0 || sources.includes(source));
  } catch {
    // LiveKit has the last word.
    return true;
  }
}
