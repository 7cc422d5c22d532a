// The findings as text, to be sent to whoever looks after the server.
"use client";

import { CopyField } from "@/components/copy-field";
import type { Results } from "@/lib/diagnostics/checks";
import { reportOf } from "@/lib/diagnostics/report";
import { text } from "@/lib/messages";

interface ReportProps {
  results: Results;
  /** Of the media server. */
  host: string;
  at: Date;
}

export function Report({ results, host, at }: ReportProps) {
  const { origin } = window.location;
  const value = reportOf(results, { at, host, origin, userAgent: navigator.userAgent });
  return (
    <section className="part report" aria-label={text("diagnostics.report")}>
      <CopyField
        id="report"
        label={text("diagnostics.report")}
        value={value}
        lines={12}
        hint={text("diagnostics.report.hint")}
      />
    </section>
  );
}
