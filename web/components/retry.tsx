// A list or page that could not be loaded: why, and a button to try again.
import { FailureNote } from "@/components/failure-note";
import type { Failure } from "@/lib/api";
import { text } from "@/lib/messages";

export function Retry({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  return (
    <FailureNote failure={failure}>
      <p>
        <button className="button" type="button" onClick={onRetry}>
          {text("app.retry")}
        </button>
      </p>
    </FailureNote>
  );
}
