// Who sits where: people keep their places, and whoever speaks off the first page is brought onto it.

export interface Present {
  id: string;
  /** Keeps a place on the first page whatever happens: oneself, a shared screen. */
  stays: boolean;
  speaks: boolean;
  /** Milliseconds since 1970; nothing for whoever has not spoken yet. */
  spokeAt?: number;
}

/** The order of `present` after `before`, with so many `seats` on the first page. */
export function arrange(before: readonly string[], present: readonly Present[], seats: number): string[] {
  const byId = new Map(present.map((one) => [one.id, one]));
  const known = new Set(before);
  const kept = before.filter((id) => byId.has(id));
  const came = present.filter(({ id }) => !known.has(id));
  const order = [
    ...came.filter(({ stays }) => stays).map(({ id }) => id),
    ...kept,
    ...came.filter(({ stays }) => !stays).map(({ id }) => id),
  ];

  for (const { id, speaks } of present) {
    const at = order.indexOf(id);
    if (!speaks || at < seats) continue;
    const seat = leastMissed(order.slice(0, seats), byId);
    const sitting = seat === undefined ? undefined : order[seat];
    if (seat === undefined || sitting === undefined) break;
    order[seat] = id;
    order[at] = sitting;
  }
  return order;
}

/** The seat of whoever has been silent for longest. */
function leastMissed(page: string[], byId: ReadonlyMap<string, Present>): number | undefined {
  let found: number | undefined;
  let longest = Infinity;
  page.forEach((id, seat) => {
    const one = byId.get(id);
    if (!one || one.stays || one.speaks) return;
    // Of two who never spoke the later one goes: the first rows stay calm.
    if ((one.spokeAt ?? 0) <= longest) {
      longest = one.spokeAt ?? 0;
      found = seat;
    }
  });
  return found;
}

/** Who is shown large: whoever speaks, until another does and they do not. */
export function nextSpeaker(
  current: string | undefined,
  speaking: string[],
  others: string[],
): string | undefined {
  const isHere = current !== undefined && others.includes(current);
  if (isHere && (speaking.includes(current) || speaking.length === 0)) return current;
  return speaking.find((id) => others.includes(id)) ?? (isHere ? current : others[0]);
}
