// The page on the whole screen, where the browser lets it.
import { useSyncExternalStore } from "react";

export const canFillScreen = (): boolean => document.fullscreenEnabled;

function subscribe(tell: () => void) {
  document.addEventListener("fullscreenchange", tell);
  return () => document.removeEventListener("fullscreenchange", tell);
}

export const useFillsScreen = (): boolean =>
  useSyncExternalStore(
    subscribe,
    () => document.fullscreenElement !== null,
    () => false,
  );

/** To the whole screen, or back. A browser that refuses has its reasons, and says them itself. */
export function switchFullScreen() {
  const done = document.fullscreenElement
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen();
  done.catch(() => undefined);
}
