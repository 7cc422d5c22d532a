// The mark on the picture of somebody whose hand is up.
"use client";

import type { Participant } from "livekit-client";
import { HandMarkIcon } from "@/components/call/side/marks";
import { useSaid } from "@/components/call/side/talking";
import { text } from "@/lib/messages";

export function HandMark({ participant }: { participant: Participant }) {
  const isUp = useSaid(({ hands }) => hands.has(participant.identity));
  if (!isUp) return null;
  return (
    <span className="hand-mark" role="img" aria-label={text("hand.up")}>
      <HandMarkIcon />
    </span>
  );
}
