// How a check stands, as a mark of its own shape: nobody has to tell colours apart. The word stands beside it.
import type { ReactNode } from "react";
import type { State } from "@/lib/diagnostics/checks";

const marks: Record<State, ReactNode> = {
  waits: <circle cx="12" cy="12" r="8.5" />,
  runs: <path d="M12 3.5a8.5 8.5 0 1 1-8.5 8.5" />,
  passed: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="m8 12.3 2.7 2.7L16 9.5" />
    </>
  ),
  warns: <path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.01" />,
  failed: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="m9 9 6 6M15 9l-6 6" />
    </>
  ),
  skipped: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M8.5 12h7" />
    </>
  ),
};

export function StateIcon({ state }: { state: State }) {
  return (
    <svg
      className="mark"
      viewBox="0 0 24 24"
      width="24"
      height="24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {marks[state]}
    </svg>
  );
}
