// Why there is no picture or no sound, what to do about it in this browser, and that one can come in all the same.
"use client";

import { InfoIcon } from "@/components/door-icons";
import { text } from "@/lib/messages";
import { mayBeAskedAgain, remedy, troubleInWords, type Source, type Trouble } from "@/lib/trouble";
import type { Self } from "@/lib/use-self";

/** Two devices with the same trouble are one sentence. */
function troublesOf({ camera, microphone }: Self): { trouble: Trouble; sources: Source[] }[] {
  const both = camera.trouble !== undefined && camera.trouble === microphone.trouble;
  if (both && camera.trouble) return [{ trouble: camera.trouble, sources: ["microphone", "camera"] }];
  const found: { trouble: Trouble; sources: Source[] }[] = [];
  if (microphone.trouble) found.push({ trouble: microphone.trouble, sources: ["microphone"] });
  if (camera.trouble) found.push({ trouble: camera.trouble, sources: ["camera"] });
  return found;
}

export function TroubleNotes({ self }: { self: Self }) {
  return troublesOf(self).map(({ trouble, sources }) => (
    <div key={trouble} className="note trouble" role="status">
      <InfoIcon />
      <div className="stack">
        <p>
          <strong>{troubleInWords(trouble, sources)}</strong> {remedy(trouble, sources)}
        </p>
        <p className="row">
          {mayBeAskedAgain(trouble) && (
            <button
              className="button quiet"
              type="button"
              onClick={() => sources.forEach((source) => self[source].again())}
            >
              {text("prejoin.askAgain")}
            </button>
          )}
          <span className="small">{text("prejoin.without")}</span>
          <a className="small" href="/app/diagnostics" target="_blank" rel="noreferrer">
            {text("app.diagnostics")}
          </a>
        </p>
      </div>
    </div>
  ));
}
