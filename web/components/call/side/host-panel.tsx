// The panel with which hosts run a meeting: who waits, who is there, the lock, and the end for all.
"use client";

import { useRemoteParticipants, useRoomInfo } from "@livekit/components-react";
import { useState } from "react";
import { FailureNote } from "@/components/failure-note";
import { HostIcon } from "@/components/icons";
import { HOST_PANEL, LobbyList } from "@/components/call/side/lobby";
import { PersonRow } from "@/components/call/side/person-row";
import type { Failure, Outcome } from "@/lib/api";
import { endForAll, lock, unlock, type Chair } from "@/lib/hosting";
import { text } from "@/lib/messages";
import { isLocked } from "@/lib/standing";
import type { Lobby } from "@/lib/use-lobby";

/** Does what a host decided, and keeps what went wrong. */
export type Decree = (deed: (chair: Chair) => Promise<Outcome<unknown>>) => Promise<void>;

export function HostPanel({ chair, lobby }: { chair: Chair; lobby: Lobby }) {
  const others = useRemoteParticipants();
  const [failure, setFailure] = useState<Failure>();

  const decree: Decree = async (deed) => {
    setFailure(undefined);
    const answer = await deed(chair);
    if (!answer.ok) setFailure(answer.failure);
  };

  return (
    <>
      <button
        className="lk-button"
        type="button"
        popoverTarget={HOST_PANEL}
        aria-label={text("host.open")}
        data-waiting={lobby.waiters.length > 0 || undefined}
      >
        <HostIcon />
        <span className="label">{text("host.open")}</span>
      </button>
      <div id={HOST_PANEL} className="panel card" popover="auto" aria-label={text("host.heading")}>
        <div className="stack">
          <LobbyList lobby={lobby} />
          <section className="stack" aria-label={text("people.heading")}>
            <h2>{text("people.heading")}</h2>
            {failure && <FailureNote failure={failure} />}
            {others.length === 0 ? (
              <p className="small">{text("people.nobody")}</p>
            ) : (
              <ul className="people">
                {others.map((participant) => (
                  <PersonRow key={participant.identity} participant={participant} decree={decree} />
                ))}
              </ul>
            )}
          </section>
          <Meeting decree={decree} />
        </div>
      </div>
    </>
  );
}

/** What is decided about the meeting as a whole. */
function Meeting({ decree }: { decree: Decree }) {
  const { metadata } = useRoomInfo();
  const locked = isLocked(metadata);
  const [asksEnd, setAsksEnd] = useState(false);

  return (
    <section className="stack" aria-label={text("host.meeting")}>
      <h2>{text("host.meeting")}</h2>
      <p className="small" role="status">
        {text(locked ? "host.isLocked" : "host.isOpen")}
      </p>
      {asksEnd && <p role="alert">{text("host.endSure")}</p>}
      <div className="row">
        {asksEnd ? (
          <>
            <button className="button danger" type="button" onClick={() => void decree(endForAll)}>
              {text("host.endYes")}
            </button>
            <button className="button" type="button" onClick={() => setAsksEnd(false)}>
              {text("host.endNo")}
            </button>
          </>
        ) : (
          <>
            <button className="button" type="button" onClick={() => void decree(locked ? unlock : lock)}>
              {text(locked ? "host.unlock" : "host.lock")}
            </button>
            <button className="button" type="button" onClick={() => setAsksEnd(true)}>
              {text("host.end")}
            </button>
          </>
        )}
      </div>
    </section>
  );
}
