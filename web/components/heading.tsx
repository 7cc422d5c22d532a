// The first heading of a page that has taken another's place: it gets the focus, so that a screen reader goes on from there.
"use client";

import type { ReactNode } from "react";

// A function of its own, so that it is called once and not at every drawing.
const focus = (heading: HTMLElement | null) => heading?.focus({ preventScroll: true });

export function ArrivalHeading({ children }: { children: ReactNode }) {
  return (
    <h1 className="arrival" tabIndex={-1} ref={focus}>
      {children}
    </h1>
  );
}
