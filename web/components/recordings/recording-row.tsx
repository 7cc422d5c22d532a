// One recording in the list: of what, when, how long, how large, and where it stands.
"use client";

import type { Recording } from "@meetbox/client";
import { RecordingFacts, RecordingStanding } from "@/components/recordings/recording-facts";
import { StopRecording } from "@/components/recordings/stop-recording";
import { moment } from "@/lib/format";
import { text } from "@/lib/messages";
import { changeQuery } from "@/lib/query";
import { canStop } from "@/lib/recordings";

export function RecordingRow({ recording, onChange }: { recording: Recording; onChange: () => void }) {
  const { id, room_name, requested_at, started_at } = recording;
  const when = moment(started_at ?? requested_at);
  return (
    <li className="thing opens">
      <div className="about">
        <a
          className="name"
          href={`/app/recordings?id=${id}`}
          aria-label={text("recordings.openNamed", { name: room_name, when })}
          onClick={(event) => {
            // Another tab or window is the browser's to open.
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            changeQuery({ id });
          }}
        >
          {room_name}
        </a>
        <span className="facts">
          <span>{when}</span>
          <RecordingFacts recording={recording} />
        </span>
        <RecordingStanding recording={recording} />
      </div>
      {canStop(recording) && (
        <div className="does">
          <StopRecording recording={recording} onStopped={onChange} />
        </div>
      )}
    </li>
  );
}
