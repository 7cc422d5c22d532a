// A failure told in words, read out by screen readers as soon as it appears.
import type { ReactNode } from "react";
import type { Failure } from "@/lib/api";
import { text } from "@/lib/messages";

export function FailureNote({ failure, children }: { failure: Failure; children?: ReactNode }) {
  return (
    <div className="note failure" role="alert">
      <p>{failure.message}</p>
      {children}
      {failure.requestId && <p className="small">{text("error.request", { id: failure.requestId })}</p>}
    </div>
  );
}
