// Why a call is over, as far as LiveKit's word for it tells; some ends are none, and the way leads back in.
import { DisconnectReason } from "livekit-client";

export type LeaveReason = "asked" | "lobby" | "elsewhere" | "removed" | "ended" | "lost" | "unreachable";

/** What to do when LiveKit's client has gone: leave for a reason, or ask for a new token and come back. */
export function wayOut(reason: DisconnectReason | undefined): LeaveReason | "back" {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return "asked";
    case DisconnectReason.DUPLICATE_IDENTITY:
      return "elsewhere";
    case DisconnectReason.PARTICIPANT_REMOVED:
      return "removed";
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return "ended";
    default:
      return "back";
  }
}
