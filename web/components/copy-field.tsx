// A text to take along: shown whole, so that it can be marked by hand where the clipboard is shut, and copied with a button.
"use client";

import { useState } from "react";
import { copy } from "@/lib/clipboard";
import { text } from "@/lib/messages";

interface CopyFieldProps {
  id: string;
  label: string;
  value: string;
  /** How many lines it has. */
  lines?: number;
  hint?: string;
}

export function CopyField({ id, label, value, lines = 1, hint }: CopyFieldProps) {
  // What was copied: another text was not.
  const [copied, setCopied] = useState<string>();
  const common = {
    id,
    value,
    readOnly: true,
    onFocus: (event: { target: { select: () => void } }) => event.target.select(),
    "aria-describedby": hint && `${id}-hint`,
  };

  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="copy-field">
        {lines > 1 ? <textarea {...common} rows={lines} /> : <input {...common} />}
        <button
          className="button"
          type="button"
          aria-label={copied === value ? undefined : text("copy.named", { what: label })}
          onClick={async () => setCopied((await copy(value)) ? value : undefined)}
        >
          {text(copied === value ? "copy.done" : "copy.do")}
        </button>
      </div>
      <span className="visually-hidden" role="status">
        {copied === value && text("copy.done")}
      </span>
      {hint && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
    </div>
  );
}
