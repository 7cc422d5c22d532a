// Somebody in the call as the list of people shows them, taken from what LiveKit knows at that moment.
import type { MeetingRole } from "@meetbox/client";
import { Track, type ConnectionQuality, type Participant } from "livekit-client";
import { isGuest, nameOf, roleOf } from "@/lib/standing";

export interface Person {
  identity: string;
  name: string;
  own: boolean;
  guest: boolean;
  role: MeetingRole;
  /** What is published and not muted, by the id of its track. */
  microphone: string | undefined;
  camera: string | undefined;
  screen: string | undefined;
  quality: ConnectionQuality;
}

export function personOf(participant: Participant): Person {
  const { identity, attributes, isLocal, connectionQuality } = participant;
  const live = (source: Track.Source) => {
    const publication = participant.getTrackPublication(source);
    return publication && !publication.isMuted ? publication.trackSid : undefined;
  };
  return {
    identity,
    name: nameOf(participant),
    own: isLocal,
    guest: isGuest(attributes),
    role: roleOf(attributes) ?? "speaker",
    microphone: live(Track.Source.Microphone),
    camera: live(Track.Source.Camera),
    screen: live(Track.Source.ScreenShare),
    quality: connectionQuality,
  };
}

/** From how many people on one looks for somebody by name. */
export const MANY = 12;

/** Raised hands in their order, then oneself, then hosts, then the others by name. */
export function inOrder(people: readonly Person[], hands: readonly string[]): Person[] {
  const rank = ({ identity, own, role }: Person): number => {
    const hand = hands.indexOf(identity);
    if (hand >= 0) return hand - hands.length;
    if (own) return 0;
    return role === "host" ? 1 : 2;
  };
  return [...people].sort(
    (one, other) =>
      rank(one) - rank(other) ||
      one.name.localeCompare(other.name) ||
      (one.identity < other.identity ? -1 : 1),
  );
}

const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Those whose name has what was typed, whatever its accents and capitals. */
export function named(people: readonly Person[], typed: string): readonly Person[] {
  const wanted = plain(typed.trim());
  return wanted === "" ? people : people.filter(({ name }) => plain(name).includes(wanted));
}
