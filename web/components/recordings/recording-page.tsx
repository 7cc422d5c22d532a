// One recording: played, downloaded, passed on, kept or deleted.
"use client";

import type { Recording } from "@meetbox/client";
import { useEffect, useRef, useState } from "react";
import { DeletingNote, SureToDelete } from "@/components/recordings/delete-recording";
import { Player } from "@/components/recordings/player";
import { RecordingDeeds } from "@/components/recordings/recording-deeds";
import { RecordingFacts, RecordingStanding } from "@/components/recordings/recording-facts";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { moment } from "@/lib/format";
import { text } from "@/lib/messages";
import { inWords } from "@/lib/problems";
import { changeQuery } from "@/lib/query";
import { hasFile, isMoving, recording, remove } from "@/lib/recordings";
import { toast } from "@/lib/toasts";
import { useLoaded } from "@/lib/use-loaded";
import { useUndo } from "@/lib/use-undo";

const pause = (it: Recording) => (isMoving(it) ? 3 : 60);

export function RecordingPage({ id }: { id: string }) {
  const [found, again] = useLoaded({ key: id, ask: () => recording(id), every: pause });
  return (
    <article className="part recording">
      <p>
        <a
          href="/app/recordings"
          onClick={(event) => {
            event.preventDefault();
            changeQuery({ id: undefined });
          }}
        >
          {text("recordings.back")}
        </a>
      </p>
      {found.state === "loading" && <Skeleton />}
      {found.state === "failed" && <Retry failure={found.failure} onRetry={again} />}
      {found.state === "ready" && <Shown it={found.value} onChange={again} />}
    </article>
  );
}

function Shown({ it, onChange }: { it: Recording; onChange: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [asking, setAsking] = useState(false);
  // The page changed without being loaded anew; readers begin where the new part does.
  useEffect(() => {
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);

  const deleteNow = async () => {
    const answer = await remove(it.id);
    if (!answer.ok) return toast(inWords(answer.failure));
    toast(text("recordings.deleted"));
    changeQuery({ id: undefined }, "replace");
  };
  const { pending: deleting, plan, undo } = useUndo(deleteNow);

  return (
    <>
      <h2 ref={heading} tabIndex={-1}>
        {it.room_name}
      </h2>
      <p className="facts">
        <span>{moment(it.started_at ?? it.requested_at)}</span>
        <RecordingFacts recording={it} />
      </p>
      <RecordingStanding recording={it} />
      {hasFile(it) && !deleting && <Player recording={it} />}
      {deleting ? (
        <DeletingNote onUndo={undo} />
      ) : (
        <RecordingDeeds recording={it} onChange={onChange} onDelete={() => setAsking(true)} />
      )}
      {asking && (
        <SureToDelete
          recording={it}
          onClose={() => setAsking(false)}
          onSure={() => {
            setAsking(false);
            plan();
          }}
        />
      )}
    </>
  );
}
