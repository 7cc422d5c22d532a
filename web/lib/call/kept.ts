// What somebody has chosen for all their calls on this device: the view, and whether single letters are heard.

export type View = "grid" | "speaker";

const VIEW = "meetbox.view";
const KEYS = "meetbox.keys";

// Storage may be switched off or full; then a choice lasts as long as the page.
function read(key: string): string | null {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string) {
  try {
    window.localStorage.setItem(key, value);
  } catch {
    // As said above: no storage is no failure.
  }
}

/** Reads a stored view; whatever is not as we write it is the grid. */
export const viewFrom = (stored: string | null): View => (stored === "speaker" ? "speaker" : "grid");

export const lastView = (): View => viewFrom(read(VIEW));
export const keepView = (view: View) => write(VIEW, view);

/** Some people speak to their computer, and others' fingers touch more keys than they mean: letters can be switched off. */
export const hearsKeys = (): boolean => read(KEYS) !== "off";
export const keepHearsKeys = (hears: boolean) => write(KEYS, hears ? "on" : "off");
