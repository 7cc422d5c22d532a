// Puts the address of this meeting on the clipboard.
"use client";

import { useState } from "react";
import { copy } from "@/lib/clipboard";
import { text } from "@/lib/messages";

export function CopyLink() {
  const [copied, setCopied] = useState(false);
  // Absent on plain http from another computer; the address bar is there then.
  if (!("clipboard" in navigator)) return null;

  const copyLink = async () => {
    const { origin, pathname } = window.location;
    setCopied(await copy(origin + pathname));
  };
  return (
    <button className="button quiet" type="button" onClick={copyLink} aria-live="polite">
      {text(copied ? "prejoin.copied" : "prejoin.copy")}
    </button>
  );
}
