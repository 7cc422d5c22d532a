// Starts a meeting with one click: the server makes up a name, and the page goes there.
"use client";

import { useState } from "react";
import { FailureNote } from "@/components/failure-note";
import type { Failure } from "@/lib/api";
import { make } from "@/lib/meetings";
import { text } from "@/lib/messages";

export function StartNow() {
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const start = async () => {
    setBusy(true);
    setFailure(undefined);
    const answer = await make({});
    if (answer.ok) return window.location.assign(`/m/${answer.value.room_name}`);
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <>
      <button className="button primary" type="button" onClick={start} disabled={busy}>
        {text(busy ? "home.starting" : "home.start")}
      </button>
      {failure && <FailureNote failure={failure} />}
    </>
  );
}
