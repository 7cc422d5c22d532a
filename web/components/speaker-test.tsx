// A tone, the question whether it was heard, and what to do when it was not.
"use client";

import { useState } from "react";
import { text } from "@/lib/messages";
import { playTone } from "@/lib/sound";

type State = "silent" | "playing" | "asking" | "heard" | "unheard" | "failed";

export function SpeakerTest({ speaker }: { speaker: string | undefined }) {
  const [state, setState] = useState<State>("silent");

  const play = async () => {
    setState("playing");
    setState((await playTone(speaker)) ? "asking" : "failed");
  };
  const answers = [
    { key: "speaker.yes", state: "heard" },
    { key: "speaker.no", state: "unheard" },
  ] as const;

  return (
    <div className="speaker-test stack">
      <div className="row">
        <button className="button" type="button" onClick={play} disabled={state === "playing"}>
          {text(state === "playing" ? "speaker.playing" : "speaker.play")}
        </button>
        {state === "asking" && (
          <span className="row" role="group" aria-label={text("speaker.question")}>
            <span>{text("speaker.question")}</span>
            {answers.map((answer) => (
              <button
                key={answer.key}
                className="button quiet"
                type="button"
                onClick={() => setState(answer.state)}
              >
                {text(answer.key)}
              </button>
            ))}
          </span>
        )}
      </div>
      <div aria-live="polite" className="small">
        {state === "asking" && <span className="visually-hidden">{text("speaker.question")}</span>}
        {state === "heard" && text("speaker.heard")}
        {state === "failed" && text("speaker.failed")}
        {state === "unheard" && (
          <>
            <p>{text("speaker.unheard")}</p>
            <ul>
              <li>{text("speaker.tryVolume")}</li>
              <li>{text("speaker.tryOther")}</li>
              <li>{text("speaker.tryPlug")}</li>
              <li>{text("speaker.tryTab")}</li>
            </ul>
          </>
        )}
      </div>
    </div>
  );
}
