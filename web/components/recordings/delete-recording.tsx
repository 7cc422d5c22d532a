// Deleting a recording: what goes is said first, and for some seconds it can be taken back.
"use client";

import type { Recording } from "@meetbox/client";
import { useEffect, useRef } from "react";
import { Modal } from "@/components/modal";
import { bytes, duration, moment } from "@/lib/format";
import { text } from "@/lib/messages";
import { hasFile } from "@/lib/recordings";
import { UNDO_SECONDS } from "@/lib/use-undo";

interface SureToDeleteProps {
  recording: Recording;
  onClose: () => void;
  onSure: () => void;
}

export function SureToDelete({ recording, onClose, onSure }: SureToDeleteProps) {
  const { room_name, requested_at, started_at, duration: seconds, size, status } = recording;
  return (
    <Modal title={text("recordings.deleteSure")} onClose={onClose}>
      <p>
        {text(
          hasFile(recording)
            ? "recordings.deleteFile"
            : status === "uploading"
              ? "recordings.deleteUploading"
              : "recordings.deleteNoFile",
        )}
      </p>
      <dl className="what">
        <dt>{text("recordings.meeting")}</dt>
        <dd>{room_name}</dd>
        <dt>{text("recordings.when")}</dt>
        <dd>{moment(started_at ?? requested_at)}</dd>
        {seconds !== undefined && (
          <>
            <dt>{text("recordings.length")}</dt>
            <dd>{duration(seconds)}</dd>
          </>
        )}
        {size !== undefined && size > 0 && (
          <>
            <dt>{text("recordings.size")}</dt>
            <dd>{bytes(size)}</dd>
          </>
        )}
      </dl>
      <p className="small">{text("recordings.deleteUndo", { seconds: UNDO_SECONDS })}</p>
      <div className="row actions">
        <button className="button" type="button" onClick={onClose}>
          {text("app.cancel")}
        </button>
        <button className="button danger" type="button" onClick={onSure}>
          {text("recordings.deleteYes")}
        </button>
      </div>
    </Modal>
  );
}

/** Stands in place of the deeds while there is time to think again. */
export function DeletingNote({ onUndo }: { onUndo: () => void }) {
  const undo = useRef<HTMLButtonElement>(null);
  useEffect(() => undo.current?.focus(), []);
  return (
    <div className="note row" role="alert">
      <p>{text("recordings.deleting", { seconds: UNDO_SECONDS })}</p>
      <button ref={undo} className="button" type="button" onClick={onUndo}>
        {text("recordings.undo")}
      </button>
    </div>
  );
}
