// What can be done with a recording: stop, download, pass on, keep, delete.
"use client";

import type { Recording } from "@meetbox/client";
import { useState } from "react";
import { CopyField } from "@/components/copy-field";
import { StopRecording } from "@/components/recordings/stop-recording";
import { copy } from "@/lib/clipboard";
import { moment } from "@/lib/format";
import { text } from "@/lib/messages";
import { inWords } from "@/lib/problems";
import { canStop, hasFile, hold, isRunning, recording as look } from "@/lib/recordings";
import { toast } from "@/lib/toasts";

interface RecordingDeedsProps {
  recording: Recording;
  onChange: () => void;
  onDelete: () => void;
}

interface Link {
  address: string;
  until: string;
}

export function RecordingDeeds({ recording, onChange, onDelete }: RecordingDeedsProps) {
  const [link, setLink] = useState<Link>();
  const [busy, setBusy] = useState(false);

  // A link ages, and the page may have been open for long: each use asks for a new one.
  const freshLink = async (hand: (link: Link) => unknown) => {
    setBusy(true);
    const answer = await look(recording.id);
    setBusy(false);
    if (!answer.ok) return toast(inWords(answer.failure));
    const { download_url, download_expires_at } = answer.value;
    if (!download_url) return toast(text("recordings.noFile"));
    const address = new URL(download_url, window.location.origin).href;
    await hand({ address, until: download_expires_at ? moment(download_expires_at) : "" });
  };
  const download = () => freshLink(({ address }) => window.location.assign(address));
  const copyLink = () =>
    freshLink(async (link) => {
      setLink(link);
      if (await copy(link.address)) toast(text("recordings.linkCopied", { until: link.until }));
    });
  const keep = async () => {
    setBusy(true);
    const answer = await hold(recording.id, !recording.on_hold);
    setBusy(false);
    if (!answer.ok) return toast(inWords(answer.failure));
    toast(text(recording.on_hold ? "recordings.released" : "recordings.isHeld"));
    onChange();
  };

  const cannotDelete = isRunning(recording) || recording.on_hold;
  return (
    <div className="stack">
      <div className="row">
        {canStop(recording) && <StopRecording recording={recording} onStopped={onChange} />}
        {hasFile(recording) && (
          <>
            <button className="button primary" type="button" onClick={download} disabled={busy}>
              {text(recording.format === "hls" ? "recordings.downloadArchive" : "recordings.download")}
            </button>
            <button className="button" type="button" onClick={copyLink} disabled={busy}>
              {text("recordings.copyLink")}
            </button>
          </>
        )}
        {!isRunning(recording) && (
          <button
            className="button"
            type="button"
            onClick={keep}
            disabled={busy}
            aria-describedby="hold-hint"
          >
            {text(recording.on_hold ? "recordings.release" : "recordings.hold")}
          </button>
        )}
        <button
          className="button danger-text"
          type="button"
          onClick={onDelete}
          disabled={cannotDelete}
          aria-describedby="hold-hint"
        >
          {text("recordings.delete")}
        </button>
      </div>
      <p id="hold-hint" className="small">
        {text(
          isRunning(recording)
            ? "recordings.runningHint"
            : recording.on_hold
              ? "recordings.heldHint"
              : "recordings.holdHint",
        )}
      </p>
      {link && (
        <CopyField
          id="recording-link"
          label={text("recordings.link")}
          value={link.address}
          hint={text("recordings.linkHint", { until: link.until })}
        />
      )}
    </div>
  );
}
