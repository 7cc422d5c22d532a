// Short words about what was just done, which leave by themselves: a list that any component can add to.
import { useSyncExternalStore } from "react";

export interface Toast {
  id: number;
  text: string;
}

/** Long enough to be read twice. */
const STAYS = 6_000;

let toasts: readonly Toast[] = [];
const none: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]) {
  toasts = next;
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** Tells `text` at the foot of the window, and to screen readers. */
export function toast(text: string) {
  last += 1;
  const id = last;
  // The same words again are one message that stays.
  change([...toasts.filter((other) => other.text !== text), { id, text }]);
  setTimeout(() => change(toasts.filter((other) => other.id !== id)), STAYS);
}

export const useToasts = (): readonly Toast[] =>
  useSyncExternalStore(
    subscribe,
    () => toasts,
    () => none,
  );
