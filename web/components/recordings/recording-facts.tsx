// What is known of a recording in a few words, and where it stands.
"use client";

import type { Recording } from "@meetbox/client";
import { bytes, duration } from "@/lib/format";
import { text } from "@/lib/messages";
import { lengthOf, moodOf, uploadedShare } from "@/lib/recordings";
import { useNow } from "@/lib/use-now";

export function RecordingFacts({ recording }: { recording: Recording }) {
  const { size, format, layout, automatic, on_hold } = recording;
  return (
    <>
      {recording.status === "active" ? (
        <Running recording={recording} />
      ) : (
        <Length recording={recording} now={0} />
      )}
      {size !== undefined && size > 0 && <span>{bytes(size)}</span>}
      <span>{text(`recordings.format.${format}`)}</span>
      {format !== "ogg" && <span>{text(`recordings.layout.${layout}`)}</span>}
      {automatic && <span>{text("recordings.automatic")}</span>}
      {on_hold && <span>{text("recordings.held")}</span>}
    </>
  );
}

function Running({ recording }: { recording: Recording }) {
  return <Length recording={recording} now={useNow()} />;
}

function Length({ recording, now }: { recording: Recording; now: number }) {
  const seconds = lengthOf(recording, now);
  return seconds === undefined ? null : <span>{duration(seconds)}</span>;
}

/** The status, and in words why it is not simply well. */
export function RecordingStanding({ recording }: { recording: Recording }) {
  const { status, reason, uploaded } = recording;
  const share = uploadedShare(recording);
  const mood = moodOf(recording);
  return (
    <div className="standing">
      <span className={mood === "plain" ? "tag" : `tag ${mood}`}>{text(`recordings.status.${status}`)}</span>
      {share !== undefined && uploaded !== undefined && (
        <>
          <progress value={share} aria-label={text("recordings.uploadedShare")} />
          <span className="small">
            {text("recordings.uploaded", { share: Math.floor(share * 100), done: bytes(uploaded) })}
          </span>
        </>
      )}
      {status !== "complete" && <span className="small">{text(`recordings.means.${status}`)}</span>}
      {reason && <span className="small reason">{text("recordings.reason", { reason })}</span>}
    </div>
  );
}
