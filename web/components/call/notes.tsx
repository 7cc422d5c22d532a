// What is said above the stage: where the connection stands, that nobody else is there, what is wrong, what one shares.
"use client";

import {
  StartAudio,
  useConnectionState,
  useLocalParticipant,
  useRemoteParticipants,
} from "@livekit/components-react";
import { ConnectionState } from "livekit-client";
import { CopyLink } from "@/components/copy-link";
import type { CallState } from "@/lib/call/use-call";
import { text } from "@/lib/messages";

export function CallNotes({ call }: { call: CallState }) {
  const { own } = call;
  const { isScreenShareEnabled } = useLocalParticipant();
  const connection = useConnectionWords(call);

  return (
    <div className="call-notes">
      {/* Always there, so that what comes into it is read out. */}
      <p className="visually-hidden" role="status">
        {connection} {isScreenShareEnabled && text("call.sharing")}
      </p>
      {connection ? <p className="note waits">{connection}</p> : <AloneNote />}
      <StartAudio className="button primary" label={text("call.playSound")} />
      {isScreenShareEnabled && (
        <p className="note row">
          {text("call.sharing")}
          <button className="button quiet" type="button" onClick={() => own.share(false)}>
            {text("call.stopSharing")}
          </button>
        </p>
      )}
      {own.problem && (
        <p className="note row" role="alert">
          {own.problem}
          <button className="button quiet" type="button" onClick={own.dismiss}>
            {text("call.dismiss")}
          </button>
        </p>
      )}
    </div>
  );
}

/** Where the connection stands, when that is worth a word. */
function useConnectionWords({ standing }: CallState): string | undefined {
  const state = useConnectionState();
  if (standing === "coming") return text("call.connecting");
  if (standing === "back" || state !== ConnectionState.Connected) return text("call.reconnecting");
  return undefined;
}

function AloneNote() {
  const others = useRemoteParticipants();
  if (others.length > 0) return null;
  return (
    <p className="note row alone" role="status">
      {text("call.alone")} <CopyLink />
    </p>
  );
}
