// How the house is: each part, and why it is not well; how many recordings go on.
"use client";

import type { Health, PartHealth } from "@meetbox/client";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { health } from "@/lib/administration";
import { counted, text } from "@/lib/messages";
import { useLoaded } from "@/lib/use-loaded";

const PARTS = ["database", "redis", "livekit", "storage"] as const;
const overallTags = { healthy: "tag good", degraded: "tag warn", unhealthy: "tag bad" } as const;
const partTags = { healthy: "tag good", unhealthy: "tag bad", not_configured: "tag" } as const;

export function HealthReport() {
  const [found, again] = useLoaded({ key: "health", ask: health, every: () => 5 });
  return (
    <section className="part" aria-labelledby="health">
      <h2 id="health">{text("admin.tab.health")}</h2>
      {found.state === "loading" && <Skeleton rows={5} />}
      {found.state === "failed" && <Retry failure={found.failure} onRetry={again} />}
      {found.state === "ready" && <Report report={found.value} />}
    </section>
  );
}

function Report({ report }: { report: Health }) {
  const { status, services, recording_slots } = report;
  return (
    <>
      <p className="row" role="status">
        <span className={overallTags[status]}>{text(`health.${status}`)}</span>
        {text(`health.means.${status}`)}
      </p>
      <ul className="things">
        {PARTS.map((part) => (
          <Part key={part} name={part} part={services[part]} />
        ))}
        <li className="thing">
          <div className="about">
            <span className="name">{text("health.slots")}</span>
            <span className="facts">
              {recording_slots
                ? counted("recordings.slots", recording_slots.total, { used: recording_slots.used })
                : text("health.slotsUnknown")}
            </span>
          </div>
        </li>
      </ul>
    </>
  );
}

function Part({ name, part }: { name: (typeof PARTS)[number]; part: PartHealth }) {
  const { status, latency_ms, reason } = part;
  return (
    <li className="thing">
      <div className="about">
        <span className="name">{text(`health.part.${name}`)}</span>
        <span className="facts">
          <span>{text(`health.does.${name}`)}</span>
          {latency_ms !== undefined && (
            <span>{text("health.latency", { milliseconds: Math.max(1, Math.round(latency_ms)) })}</span>
          )}
        </span>
        {reason && <span className="danger-text">{reason}</span>}
      </div>
      <div className="does">
        <span className={partTags[status]}>{text(`health.part.${status}`)}</span>
      </div>
    </li>
  );
}
