// Tells a component whether it runs in the browser, without a page that differs from the exported one.
import { useSyncExternalStore } from "react";

const never = () => () => undefined;

/** False in the exported page and in its first picture, true from then on. */
export function useClientOnly(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
