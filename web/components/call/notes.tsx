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

  return (
    <div className="call-notes">
      <ConnectionNote call={call} />
      <StartAudio className="button primary" label={text("call.playSound")} />
      {isScreenShareEnabled && (
        <p className="note row" role="status">
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

/** Where the connection stands, when that is worth a word; else whether anybody else is there. */
function ConnectionNote({ call: { standing } }: { call: CallState }) {
  const state = useConnectionState();
  const others = useRemoteParticipants();

  if (standing === "coming") return <Waits>{text("call.connecting")}</Waits>;
  if (standing === "back" || state !== ConnectionState.Connected)
    return <Waits>{text("call.reconnecting")}</Waits>;
  if (others.length > 0) return null;
  return (
    <p className="note row alone" role="status">
      {text("call.alone")} <CopyLink />
    </p>
  );
}

function Waits({ children }: { children: string }) {
  return (
    <p className="note waits" role="status">
      {children}
    </p>
  );
}
