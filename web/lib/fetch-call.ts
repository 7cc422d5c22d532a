// Fetches the program of the call, which the doorstep does without, as soon as somebody seems to be going in.

export const fetchCall = () => import("@/components/call/call");

/** Fetches it ahead; what goes wrong then is told when it is needed. */
export function fetchCallAhead() {
  fetchCall().catch(() => undefined);
}
