// The time, told every second to what shows how long something has been going on.
import { useSyncExternalStore } from "react";

let now = 0;

function subscribe(tell: () => void) {
  const tick = () => {
    now = Date.now();
    tell();
  };
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}

/** Milliseconds since 1970, to the second. */
export const useNow = (): number =>
  useSyncExternalStore(
    subscribe,
    () => (now = Math.max(now, Math.floor(Date.now() / 1000) * 1000)),
    () => 0,
  );
