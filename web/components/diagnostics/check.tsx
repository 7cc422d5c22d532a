// One check of the connection test: how it went, what was measured, and what to do where it failed.
"use client";

import { StateIcon } from "@/components/diagnostics/state-icon";
import type { CheckName, Results } from "@/lib/diagnostics/checks";
import type { Phase } from "@/lib/diagnostics/use-test";
import { figureOf, fixOf, stateInWords } from "@/lib/diagnostics/words";
import { text } from "@/lib/messages";

interface CheckProps {
  check: CheckName;
  results: Results;
  /** Of the media server. */
  host: string;
  phase: Phase;
  onDevices: () => void;
}

export function Check({ check, results, host, phase, onDevices }: CheckProps) {
  const state = results.states[check];
  const figure = figureOf(results, check);
  const fix = fixOf(results, check, host);
  const asks = check === "devices" && state !== "runs" && state !== "passed";

  return (
    <li className={`thing finding ${state}`} data-check={check} data-state={state}>
      <StateIcon state={state} />
      <div className="about">
        <span className="name">{text(`diagnostics.check.${check}`)}</span>
        {figure && <span className="facts">{figure}</span>}
        {check === "devices" && state === "skipped" && (
          <span className="facts">{text("diagnostics.devicesHint")}</span>
        )}
      </div>
      <div className="does">
        {asks ? (
          <button className="button" type="button" onClick={onDevices}>
            {text(state === "skipped" ? "diagnostics.tryDevices" : "app.retry")}
          </button>
        ) : (
          (phase !== "before" || state !== "waits") && (
            <span className="state">{stateInWords(results, check)}</span>
          )
        )}
      </div>
      {fix && <p className="fix">{fix}</p>}
    </li>
  );
}
