// That the meeting is recorded, and for how long: a small mark that stays, and a sentence for whoever listens to the page.
"use client";

import { useRoomInfo } from "@livekit/components-react";
import { duration, time } from "@/lib/format";
import { text } from "@/lib/messages";
import { recordedSince } from "@/lib/standing";
import { useNow } from "@/lib/use-now";

export function RecordingMark() {
  const { metadata } = useRoomInfo();
  const since = recordedSince(metadata);

  return (
    <div className="recording">
      {/* Always there, so that what comes into it is read out, and what goes out of it is not. */}
      <p className="visually-hidden" role="status">
        {since && text("call.recorded", { time: time(since) })}
      </p>
      {since && <Mark since={since} />}
    </div>
  );
}

function Mark({ since }: { since: Date }) {
  const seconds = (useNow() - since.getTime()) / 1000;
  return (
    <p className="recording-mark" aria-hidden="true" title={text("call.recorded", { time: time(since) })}>
      {text("call.recording")} <span>{duration(seconds)}</span>
    </p>
  );
}
