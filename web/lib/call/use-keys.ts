// Listens for the keys of the call, and for the space bar that is held while talking.
import { useEffect, useEffectEvent } from "react";
import { deedOf, leavesSpace, types, type Deed } from "./keys";

interface Heard {
  /** What each key does; what somebody may not do is absent. */
  deeds: Partial<Record<Deed, () => void>>;
  /** Whether single letters are heard; the key for the help always is. */
  hears: boolean;
  /** Whether holding the space bar would switch the microphone on. */
  silent: boolean;
  talk: (on: boolean) => void;
}

export function useKeys({ deeds, hears, silent, talk }: Heard) {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (types(event.target)) return false;
    if (event.key === " " && hears) {
      if (event.repeat || !silent || !leavesSpace(event.target)) return false;
      event.preventDefault();
      talk(true);
      return true;
    }
    const deed = deedOf(event);
    if (!deed || (!hears && deed !== "help")) return false;
    event.preventDefault();
    deeds[deed]?.();
    return false;
  });
  const release = useEffectEvent(() => talk(false));

  useEffect(() => {
    let talking = false;
    const down = (event: KeyboardEvent) => {
      if (press(event)) talking = true;
      // Held, it would scroll the page.
      else if (talking && event.key === " ") event.preventDefault();
    };
    const stop = () => {
      if (talking) release();
      talking = false;
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === " ") stop();
    };
    document.addEventListener("keydown", down);
    document.addEventListener("keyup", up);
    // A key that is let go elsewhere is never heard of.
    window.addEventListener("blur", stop);
    return () => {
      document.removeEventListener("keydown", down);
      document.removeEventListener("keyup", up);
      window.removeEventListener("blur", stop);
    };
  }, []);
}
