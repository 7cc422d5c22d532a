// A link to a meeting that there is not; who is signed in can start it.
"use client";

import { useState } from "react";
import { FailureNote } from "@/components/failure-note";
import { Page } from "@/components/page";
import { startMeeting, type Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { signInFor } from "@/lib/return-to";

interface NoMeetingProps {
  roomName: string;
  mayStart: boolean;
  onStarted: () => void;
}

export function NoMeeting({ roomName, mayStart, onStarted }: NoMeetingProps) {
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const start = async () => {
    setBusy(true);
    const answer = await startMeeting(roomName);
    // Somebody else may have been a moment faster; then there is one.
    if (answer.ok || answer.failure.code === "room-name-taken") return onStarted();
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <Page>
      <section className="card stack">
        <h1>{text("noMeeting.heading")}</h1>
        <p>{text(mayStart ? "noMeeting.mayStart" : "noMeeting.text", { name: roomName })}</p>
        {failure && <FailureNote failure={failure} />}
        <div className="row actions">
          {mayStart ? (
            <button className="button primary" type="button" onClick={start} disabled={busy}>
              {text(busy ? "home.starting" : "noMeeting.start")}
            </button>
          ) : (
            <a className="button primary" href={signInFor(`/m/${roomName}`)}>
              {text("noMeeting.signIn")}
            </a>
          )}
          <a className="button" href="/">
            {text("left.home")}
          </a>
        </div>
      </section>
    </Page>
  );
}
