// Whether the window is a phone's: the bar then has room for the most needed buttons only.
import { useSyncExternalStore } from "react";

// The same as in styles/call.css.
const NARROW = "(max-width: 47.99rem)";

function subscribe(tell: () => void) {
  const query = window.matchMedia(NARROW);
  query.addEventListener("change", tell);
  return () => query.removeEventListener("change", tell);
}

export const useNarrow = (): boolean =>
  useSyncExternalStore(
    subscribe,
    () => window.matchMedia(NARROW).matches,
    () => false,
  );
