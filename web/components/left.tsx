// The pages after a call: why it is over, and the step that makes sense then.
"use client";

import { useState } from "react";
import { ArrivalHeading } from "@/components/heading";
import { Page } from "@/components/page";
import type { LeaveReason } from "@/lib/call/ways-out";
import { text, type MessageKey } from "@/lib/messages";

interface Words {
  heading: MessageKey;
  why?: MessageKey;
  /** What leads back into the meeting says, and whether it goes straight in or to the doorstep. */
  back: MessageKey;
  straight?: true;
  /** Whether going back is what most people want now. */
  first: boolean;
  /** Whether the connection may be at fault. */
  test?: true;
}

const pages: Record<LeaveReason, Words> = {
  asked: { heading: "left.heading", back: "left.again", first: true },
  lobby: { heading: "left.lobby", back: "left.again", first: true },
  elsewhere: {
    heading: "left.elsewhereHeading",
    why: "left.elsewhere",
    back: "left.here",
    straight: true,
    first: true,
  },
  removed: { heading: "left.removedHeading", why: "left.removed", back: "left.again", first: false },
  ended: { heading: "left.endedHeading", why: "left.ended", back: "left.again", first: false },
  lost: {
    heading: "left.lostHeading",
    why: "left.lost",
    back: "left.retry",
    straight: true,
    first: true,
    test: true,
  },
  unreachable: {
    heading: "left.notJoined",
    why: "error.connect",
    back: "left.retry",
    straight: true,
    first: true,
    test: true,
  },
};

interface LeftProps {
  reason: LeaveReason;
  /** To the doorstep. */
  onAgain: () => void;
  /** Straight back in, as it was before. */
  onStraight: () => Promise<void>;
}

export function Left({ reason, onAgain, onStraight }: LeftProps) {
  const [busy, setBusy] = useState(false);
  const { heading, why, back, straight, first, test } = pages[reason];
  const goStraight = async () => {
    setBusy(true);
    await onStraight();
    setBusy(false);
  };

  const again = (
    <button
      key="again"
      className={first ? "button primary" : "button"}
      type="button"
      onClick={straight ? goStraight : onAgain}
      disabled={busy}
    >
      {text(busy ? "app.busy" : back)}
    </button>
  );
  const home = (
    <a key="home" className={first ? "button" : "button primary"} href="/">
      {text("left.home")}
    </a>
  );
  return (
    <Page>
      <section className="card stack">
        <ArrivalHeading>{text(heading)}</ArrivalHeading>
        {why && <p>{text(why)}</p>}
        <div className="row actions">
          {first ? [again, home] : [home, again]}
          {test && (
            <a className="button quiet" href="/app/diagnostics">
              {text("app.diagnostics")}
            </a>
          )}
        </div>
      </section>
    </Page>
  );
}
