// What this tab keeps of its way into a meeting, so that a reload keeps a guest's identity and their place in the lobby.

export interface Doorstep {
  /** A guest's ticket. */
  ticket?: string;
  /** What an invitation's link carried, until it has let somebody in. */
  invitation?: string;
  /** When they last asked from the lobby, while they wait there. */
  waitedAt?: number;
  /** Since when they wait there, as the API has it. */
  waitingSince?: string;
  /** Whether they agreed to being recorded in this meeting. */
  agreed?: boolean;
}

/** How long the API keeps the place of somebody in the lobby who does not ask. */
const PATIENCE = 30_000;

const keyOf = (roomName: string) => `meetbox.door.${roomName}`;

/** Reads what was kept; whatever is not as we write it is passed over. */
export function doorstepFrom(stored: string | null): Doorstep {
  try {
    const found = JSON.parse(stored ?? "{}") as Record<string, unknown>;
    const textOf = (key: string) => (typeof found[key] === "string" ? found[key] : undefined);
    return {
      ticket: textOf("ticket"),
      invitation: textOf("invitation"),
      waitedAt: typeof found.waitedAt === "number" ? found.waitedAt : undefined,
      waitingSince: textOf("waitingSince"),
      agreed: found.agreed === true ? true : undefined,
    };
  } catch {
    return {};
  }
}

// Where storage is switched off, it lasts as long as the page.
const unstored = new Map<string, string>();

export function doorstep(roomName: string): Doorstep {
  const key = keyOf(roomName);
  try {
    return doorstepFrom(window.sessionStorage.getItem(key) ?? unstored.get(key) ?? null);
  } catch {
    return doorstepFrom(unstored.get(key) ?? null);
  }
}

export function keepDoorstep(roomName: string, change: Partial<Doorstep>) {
  const key = keyOf(roomName);
  const value = JSON.stringify({ ...doorstep(roomName), ...change });
  try {
    window.sessionStorage.setItem(key, value);
  } catch {
    unstored.set(key, value);
  }
}

/** Whether somebody still has a place in the lobby: the page was loaded again while they waited. */
export function stillWaits({ waitedAt }: Doorstep, now = Date.now()): boolean {
  return waitedAt !== undefined && now - waitedAt < PATIENCE;
}
