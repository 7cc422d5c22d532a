// What somebody chose before joining, remembered on this device for the next meeting.
import { useState } from "react";

export interface Choices {
  name: string;
  microphone: boolean;
  camera: boolean;
  /** Absent: whatever the browser takes first. */
  microphoneId?: string;
  cameraId?: string;
  speakerId?: string;
  /** Whether the background is blurred. */
  blur: boolean;
  /** Whether hosts hear that somebody waits in the lobby. */
  lobbySound: boolean;
}

const KEY = "meetbox.choices";
const FIRST: Choices = { name: "", microphone: true, camera: true, blur: false, lobbySound: true };

/** Reads stored choices; whatever is not as we write it is passed over. */
export function choicesFrom(stored: string | null): Choices {
  try {
    const found = JSON.parse(stored ?? "{}") as Record<string, unknown>;
    const textOf = (key: string) => (typeof found[key] === "string" ? found[key] : undefined);
    return {
      name: textOf("name") ?? FIRST.name,
      microphone: found.microphone !== false,
      camera: found.camera !== false,
      microphoneId: textOf("microphoneId"),
      cameraId: textOf("cameraId"),
      speakerId: textOf("speakerId"),
      blur: found.blur === true,
      lobbySound: found.lobbySound !== false,
    };
  } catch {
    return FIRST;
  }
}

// Storage may be switched off or full; then choices last as long as the page.
function stored(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(choices: Choices) {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // As said above: no storage is no failure.
  }
}

/** What was chosen here the last time. */
export const lastChoices = () => choicesFrom(stored());

/** Remembers a choice that is made outside of a form. */
export const keepChoice = (change: Partial<Choices>) => store({ ...lastChoices(), ...change });

/** `accountName` stands for a name that nobody has typed here yet. */
export function useChoices(accountName = ""): [Choices, (change: Partial<Choices>) => void] {
  const [choices, setChoices] = useState(() => {
    const last = lastChoices();
    return { ...last, name: last.name || accountName };
  });
  const change = (part: Partial<Choices>) => {
    const next = { ...choices, ...part };
    store(next);
    setChoices(next);
  };
  return [choices, change];
}
