// Where one is signed in, and signing out there.
"use client";

import type { Session } from "@meetbox/client";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import type { Outcome } from "@/lib/api";
import { fromNow, moment } from "@/lib/format";
import { text } from "@/lib/messages";
import { endOtherSessions, endSession, sessions } from "@/lib/own-account";
import { inWords } from "@/lib/problems";
import { toast } from "@/lib/toasts";
import { useLoaded } from "@/lib/use-loaded";
import { knownAs } from "@/lib/user-agent";

export function Sessions() {
  const [found, again] = useLoaded({ key: "sessions", ask: sessions });

  const told = (answer: Outcome<unknown>) => {
    toast(answer.ok ? text("sessions.ended") : inWords(answer.failure));
    again();
  };
  const items = found.state === "ready" ? found.value.items : [];

  return (
    <section className="part" aria-labelledby="sessions">
      <div className="head">
        <h2 id="sessions">{text("sessions.heading")}</h2>
        {items.some(({ current }) => !current) && (
          <button className="button" type="button" onClick={async () => told(await endOtherSessions())}>
            {text("sessions.endOthers")}
          </button>
        )}
      </div>
      {found.state === "loading" && <Skeleton rows={2} />}
      {found.state === "failed" && <Retry failure={found.failure} onRetry={again} />}
      {found.state === "ready" && (
        <ul className="things">
          {items.map((session) => (
            <Row key={session.id} session={session} onEnd={async () => told(await endSession(session.id))} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const { user_agent, address, seen_at, expires_at, current } = session;
  const name = knownAs(user_agent) || text("sessions.unknown");
  return (
    <li className="thing">
      <div className="about">
        <span className="name">{name}</span>
        <span className="facts">
          <span>{text("sessions.from", { address })}</span>
          {!current && <span>{text("sessions.seen", { when: fromNow(seen_at) })}</span>}
          <span>{text("sessions.until", { when: moment(expires_at) })}</span>
        </span>
      </div>
      <div className="does">
        {current ? (
          <span className="tag good">{text("sessions.current")}</span>
        ) : (
          <button
            className="button"
            type="button"
            onClick={onEnd}
            aria-label={text("sessions.endNamed", { name })}
          >
            {text("sessions.end")}
          </button>
        )}
      </div>
    </li>
  );
}
