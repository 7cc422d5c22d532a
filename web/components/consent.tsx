// Agreeing to be recorded: the words for it, and a page for those who could not know it at the door.
"use client";

import type { Token } from "@meetbox/client";
import { ArrivalHeading } from "@/components/heading";
import { RecordIcon } from "@/components/door-icons";
import { Page } from "@/components/page";
import { recordedIn, type Recorded } from "@/lib/door";
import { time } from "@/lib/format";
import { text } from "@/lib/messages";

/** What is recorded, and since when. */
export function ConsentNote({ recorded }: { recorded: Recorded }) {
  return (
    <p className="note consent">
      <RecordIcon />
      <span>
        {recorded.since ? text("consent.since", { time: time(recorded.since) }) : text("consent.always")}{" "}
        {text("consent.what")}
      </span>
    </p>
  );
}

interface ConsentProps {
  token: Token;
  onAgree: () => void;
  onDecline: () => void;
}

export function Consent({ token, onAgree, onDecline }: ConsentProps) {
  return (
    <Page>
      <section className="card stack">
        <ArrivalHeading>{text("consent.heading")}</ArrivalHeading>
        <ConsentNote recorded={recordedIn(token) ?? { always: true }} />
        <div className="row actions">
          <button className="button primary" type="button" onClick={onAgree}>
            {text("consent.join")}
          </button>
          <button className="button" type="button" onClick={onDecline}>
            {text("consent.decline")}
          </button>
        </div>
      </section>
    </Page>
  );
}
