// The connection test: what it does, a button, the findings one by one, and what they come to.
"use client";

import { useEffect, useRef } from "react";
import { Check } from "@/components/diagnostics/check";
import { Report } from "@/components/diagnostics/report";
import { FailureNote } from "@/components/failure-note";
import { LoadingPage, Page } from "@/components/page";
import { allGroups, groups, progressOf, type Results } from "@/lib/diagnostics/checks";
import { useConnectionTest, type ConnectionTestState } from "@/lib/diagnostics/use-test";
import { toneOf, verdictOf } from "@/lib/diagnostics/verdict";
import { verdictInWords } from "@/lib/diagnostics/words";
import { text } from "@/lib/messages";
import { useClientOnly } from "@/lib/use-client-only";
import "@/styles/diagnostics.css";

export function Diagnostics() {
  return useClientOnly() ? <Test /> : <LoadingPage />;
}

function Test() {
  const { state, start, stop, devices } = useConnectionTest();
  const { phase, results, host } = state;
  const windowTitle = `${text("app.diagnostics")} · ${text("app.name")}`;
  useEffect(() => {
    document.title = windowTitle;
  }, [windowTitle]);

  return (
    <Page growing>
      <h1>{text("app.diagnostics")}</h1>
      {phase === "before" ? <p className="lead">{text("diagnostics.lead")}</p> : <Summary state={state} />}
      <div className="row">
        {phase === "running" ? (
          <button key="stop" className="button" type="button" onClick={stop}>
            {text("diagnostics.stop")}
          </button>
        ) : (
          <button key="start" className="button primary" type="button" onClick={start}>
            {text(phase === "over" ? "diagnostics.again" : "diagnostics.start")}
          </button>
        )}
      </div>
      {allGroups.map((group) => (
        <section key={group} className="part" aria-labelledby={`group-${group}`}>
          <h2 id={`group-${group}`}>{text(`diagnostics.group.${group}`)}</h2>
          <ul className="things">
            {groups[group].map((check) => (
              <Check
                key={check}
                check={check}
                results={results}
                host={host}
                phase={phase}
                onDevices={devices}
              />
            ))}
          </ul>
        </section>
      ))}
      {state.endedAt && !state.failure && <Report results={results} host={host} at={state.endedAt} />}
    </Page>
  );
}

function Summary({ state: { phase, results, failure, host } }: { state: ConnectionTestState }) {
  if (phase === "running") return <Progress results={results} />;
  if (failure) return <FailureNote failure={failure} />;
  return <VerdictNote results={results} host={host} />;
}

function Progress({ results }: { results: Results }) {
  const { done, of } = progressOf(results);
  return (
    <div className="progress">
      <label htmlFor="progress">{text("diagnostics.progress", { done, of })}</label>
      <progress id="progress" max={of} value={done} />
    </div>
  );
}

/** Takes the focus when it comes: the button that somebody pressed last may be gone from the window. */
function VerdictNote({ results, host }: { results: Results; host: string }) {
  const verdict = verdictOf(results);
  const { heading, what } = verdictInWords(verdict, results.measured, host);
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => note.current?.focus(), []);

  return (
    <div ref={note} className={`note verdict ${toneOf(verdict)}`} role="status" tabIndex={-1}>
      <p>
        <strong>{heading}</strong>
      </p>
      <p>{what}</p>
    </div>
  );
}
