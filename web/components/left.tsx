// The page after a call: why it is over, and the two ways on.
"use client";

import { Page } from "@/components/page";
import { text, type MessageKey } from "@/lib/messages";

export type LeaveReason = "asked" | "lobby" | "elsewhere" | "removed" | "ended" | "lost" | "unreachable";

const headings: Partial<Record<LeaveReason, MessageKey>> = {
  lobby: "left.lobby",
  unreachable: "left.notJoined",
};

const words: Partial<Record<LeaveReason, MessageKey>> = {
  elsewhere: "left.elsewhere",
  removed: "left.removed",
  ended: "left.ended",
  lost: "left.lost",
  unreachable: "error.connect",
};

export function Left({ reason, onAgain }: { reason: LeaveReason; onAgain: () => void }) {
  const why = words[reason];
  return (
    <Page>
      <section className="card stack" role="status">
        <h1>{text(headings[reason] ?? "left.heading")}</h1>
        {why && <p>{text(why)}</p>}
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
