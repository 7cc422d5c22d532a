// The page after a call: why it is over, and the two ways on.
"use client";

import { Page } from "@/components/page";
import { text, type MessageKey } from "@/lib/messages";

export type LeaveReason = "asked" | "elsewhere" | "removed" | "ended" | "lost" | "unreachable";

const words: Record<Exclude<LeaveReason, "asked">, MessageKey> = {
  elsewhere: "left.elsewhere",
  removed: "left.removed",
  ended: "left.ended",
  lost: "left.lost",
  unreachable: "error.connect",
};

export function Left({ reason, onAgain }: { reason: LeaveReason; onAgain: () => void }) {
  const heading = text(reason === "unreachable" ? "left.notJoined" : "left.heading");
  return (
    <Page>
      <section className="card stack" role="status">
        <h1>{heading}</h1>
        {reason !== "asked" && <p>{text(words[reason])}</p>}
        <div className="row actions">
          <button className="button primary" type="button" onClick={onAgain}>
            {text("left.again")}
          </button>
          <a className="button" href="/">
            {text("left.home")}
          </a>
        </div>
      </section>
    </Page>
  );
}
