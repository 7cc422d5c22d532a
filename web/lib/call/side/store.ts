// A state that is changed by deeds and watched by components: each is drawn anew only when the part it looks at changes.
import { useSyncExternalStore } from "react";

export class Store<State, Deed> {
  #state: State;
  #after: (state: State, deed: Deed) => State;
  #listeners = new Set<() => void>();

  constructor(after: (state: State, deed: Deed) => State, state: State) {
    this.#after = after;
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  tell(deed: Deed) {
    const next = this.#after(this.#state, deed);
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** `look` answers a part of the state, and the same one as long as that is the same. */
export function usePart<State, Deed, Part>(store: Store<State, Deed>, look: (state: State) => Part): Part {
  return useSyncExternalStore(
    store.subscribe,
    () => look(store.state),
    () => look(store.state),
  );
}
