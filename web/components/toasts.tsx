// What was just done, at the foot of the window, read out by screen readers.
"use client";

import { useToasts } from "@/lib/toasts";

export function Toasts() {
  const toasts = useToasts();
  return (
    <div className="toasts" role="status">
      {toasts.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
