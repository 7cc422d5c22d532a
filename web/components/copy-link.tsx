// Puts the address of this meeting on the clipboard.
"use client";

import { useState } from "react";
import { text } from "@/lib/messages";

export function CopyLink() {
  const [copied, setCopied] = useState(false);
  // Absent on plain http from another computer; the address bar is there then.
  if (!("clipboard" in navigator)) return null;

  const copy = async () => {
    const { origin, pathname } = window.location;
    const done = await navigator.clipboard.writeText(origin + pathname).then(
      () => true,
      () => false,
    );
    setCopied(done);
  };
  return (
    <button className="button quiet" type="button" onClick={copy} aria-live="polite">
      {text(copied ? "prejoin.copied" : "prejoin.copy")}
    </button>
  );
}
