// How loud a microphone is, drawn without drawing the page anew, and whether nothing is heard at all.
import { useEffect, useRef, useState, type RefObject } from "react";
import { listen } from "./sound";

/** Below it is a room in which nobody speaks, or a microphone that is switched off. */
const AUDIBLE = 0.06;
/** For how long, in milliseconds, somebody may be silent before they are told. */
const PATIENCE = 6_000;

/** `silent`: the microphone runs, and has not let anything be heard so far. */
export function useLevel(track: MediaStreamTrack | undefined): {
  meter: RefObject<HTMLMeterElement | null>;
  silent: boolean;
} {
  const meter = useRef<HTMLMeterElement>(null);
  const [silent, setSilent] = useState(false);

  useEffect(() => {
    if (!track) return;
    let heard = false;
    let since: number | undefined;
    const stop = listen(track, (level) => {
      if (meter.current) meter.current.value = level;
      if (heard) return;
      since ??= performance.now();
      heard = level >= AUDIBLE;
      setSilent(!heard && performance.now() - since > PATIENCE);
    });
    return () => {
      stop();
      setSilent(false);
    };
  }, [track]);

  return { meter, silent };
}
