// Stops a recording that goes on.
"use client";

import type { Recording } from "@meetbox/client";
import { useState } from "react";
import { text } from "@/lib/messages";
import { inWords } from "@/lib/problems";
import { stop } from "@/lib/recordings";
import { toast } from "@/lib/toasts";

export function StopRecording({ recording, onStopped }: { recording: Recording; onStopped: () => void }) {
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    const answer = await stop(recording.id);
    setBusy(false);
    toast(answer.ok ? text("recordings.stopped") : inWords(answer.failure));
    onStopped();
  };
  return (
    <button
      className="button"
      type="button"
      onClick={ask}
      disabled={busy}
      aria-label={text("recordings.stopNamed", { name: recording.room_name })}
    >
      {text("recordings.stop")}
    </button>
  );
}
