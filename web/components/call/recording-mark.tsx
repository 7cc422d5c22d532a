// That the meeting is recorded, and for how long: a small mark that stays, and a sentence for whoever listens to the page.
"use client";

import { useRoomInfo } from "@livekit/components-react";
import { duration, time } from "@/lib/format";
import { text } from "@/lib/messages";
import { recordedSince } from "@/lib/standing";
import { useNow } from "@/lib/use-now";

export function RecordingMark() {
  const since = useRecordedSince();
  return (
    <div className="call-recording">
      <RecordingStatus className="visually-hidden" />
      {since && <Mark since={since} />}
    </div>
  );
}

/** The same in words; also where something covers the mark. Always there, so that what comes into it is read out. */
export function RecordingStatus({ className }: { className: string }) {
  const since = useRecordedSince();
  return (
    <p className={className} role="status">
      {since && text("call.recorded", { time: time(since) })}
    </p>
  );
}

function useRecordedSince(): Date | undefined {
  const { metadata } = useRoomInfo();
  return recordedSince(metadata);
}

function Mark({ since }: { since: Date }) {
  const seconds = (useNow() - since.getTime()) / 1000;
  return (
    <p className="recording-mark" aria-hidden="true" title={text("call.recorded", { time: time(since) })}>
      {text("call.recording")} <span>{duration(seconds)}</span>
    </p>
  );
}
