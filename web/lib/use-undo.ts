// A deed that is done some seconds after it was asked for, so that it can be taken back; when the page goes, it is not done.
import { useEffect, useRef, useState } from "react";

/** How long there is to think again, in seconds. */
export const UNDO_SECONDS = 8;

export interface Undo {
  /** Whether it is going to be done. */
  pending: boolean;
  plan: () => void;
  undo: () => void;
}

export function useUndo(deed: () => void): Undo {
  const [pending, setPending] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => () => clearTimeout(timer.current), []);

  return {
    pending,
    plan: () => {
      setPending(true);
      timer.current = setTimeout(() => {
        setPending(false);
        deed();
      }, UNDO_SECONDS * 1000);
    },
    undo: () => {
      clearTimeout(timer.current);
      setPending(false);
    },
  };
}
