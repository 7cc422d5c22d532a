// A failure told in words, read out by screen readers as soon as it appears.
import type { ReactNode } from "react";
import type { Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { inWords, isFamiliar } from "@/lib/problems";

// On a phone it may appear below what the window shows.
const bringIntoView = (note: HTMLElement | null) => {
  note?.scrollIntoView({ block: "nearest" });
};

export function FailureNote({ failure, children }: { failure: Failure; children?: ReactNode }) {
  return (
    <div className="note failure" role="alert" ref={bringIntoView}>
      <p>{inWords(failure)}</p>
      {children}
      {failure.requestId && !isFamiliar(failure) && (
        <p className="small">{text("error.request", { id: failure.requestId })}</p>
      )}
    </div>
  );
}
