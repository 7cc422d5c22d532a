// The call: a LiveKit room that stays the same from the first moment to the last, and the frame that shows it.
"use client";

import "@/styles/call.css";
import "@/styles/call-notes.css";
import "@/styles/call-stage.css";
import { RoomAudioRenderer, RoomContext } from "@livekit/components-react";
import type { Token } from "@meetbox/client";
import { CallFrame } from "@/components/call/frame";
import type { Choices } from "@/lib/choices";
import { useCall, type End } from "@/lib/call/use-call";

interface CallProps {
  roomName: string;
  token: Token;
  choices: Choices;
  onEnd: (end: End) => void;
}

export function Call({ roomName, token, choices, onEnd }: CallProps) {
  const call = useCall({ roomName, token, choices, onEnd });

  return (
    <RoomContext.Provider value={call.room}>
      <CallFrame roomName={roomName} call={call} onLeave={() => onEnd({ at: "left", reason: "asked" })} />
      <RoomAudioRenderer />
    </RoomContext.Provider>
  );
}
