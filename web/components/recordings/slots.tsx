// How many meetings are recorded at this moment, of how many that can be at once.
"use client";

import { counted } from "@/lib/messages";
import { slots } from "@/lib/recordings";
import { useLoaded } from "@/lib/use-loaded";

export function Slots() {
  const [found] = useLoaded({ key: "slots", ask: slots, every: () => 10 });
  // The line keeps its place while it is empty.
  return (
    <p className="small slots" role="status">
      {found.state === "ready" && counted("recordings.slots", found.value.total, { used: found.value.used })}
    </p>
  );
}
