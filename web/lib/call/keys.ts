// The keys of the call: one letter each, heard only where nobody is typing.
import type { MessageKey } from "../messages";

export type Deed =
  "microphone" | "camera" | "share" | "hand" | "chat" | "people" | "fullScreen" | "view" | "help";

interface Key {
  /** As the keyboard says it, whatever the layout. */
  key: string;
  deed: Deed;
  label: MessageKey;
}

/** In the order in which the help sheet lists them. */
export const KEYS: readonly Key[] = [
  { key: "m", deed: "microphone", label: "shortcuts.microphone" },
  { key: "v", deed: "camera", label: "shortcuts.camera" },
  { key: "s", deed: "share", label: "shortcuts.share" },
  { key: "h", deed: "hand", label: "shortcuts.hand" },
  { key: "c", deed: "chat", label: "shortcuts.chat" },
  { key: "p", deed: "people", label: "shortcuts.people" },
  { key: "l", deed: "view", label: "shortcuts.view" },
  { key: "f", deed: "fullScreen", label: "shortcuts.fullScreen" },
  { key: "?", deed: "help", label: "shortcuts.help" },
];

/** The key of a deed, as it stands in hints. */
export const keyOf = (deed: Deed): string => KEYS.find((one) => one.deed === deed)?.key.toUpperCase() ?? "";

/** What is pressed: the parts of a keyboard's event that matter here. */
export interface Press {
  key: string;
  ctrlKey?: boolean;
  altKey?: boolean;
  metaKey?: boolean;
  repeat?: boolean;
  isComposing?: boolean;
}

/** What a press means; nothing while a key is held down, or together with one that belongs to the browser. */
export function deedOf({ key, ctrlKey, altKey, metaKey, repeat, isComposing }: Press): Deed | undefined {
  if (ctrlKey || altKey || metaKey || repeat || isComposing) return undefined;
  return KEYS.find((one) => one.key === key.toLowerCase())?.deed;
}

/** Where somebody types or chooses, letters are theirs. */
const TYPING =
  'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]:not([contenteditable="false"])';
/** What a space bar already does something to. */
const PRESSABLE = `${TYPING}, button, a[href], summary, input, [role="menuitem"], video[controls], audio[controls]`;

interface Target {
  closest: (selector: string) => unknown;
}

const isIn = (target: unknown, selector: string): boolean =>
  typeof (target as Target | null)?.closest === "function" && Boolean((target as Target).closest(selector));

/** Whether keys pressed at `target` are letters that somebody types, or belong to a menu or a dialog. */
export const types = (target: unknown): boolean => isIn(target, `${TYPING}, [role="menu"], dialog`);

/** Whether the space bar is free at `target` to be held while talking. */
export const leavesSpace = (target: unknown): boolean => !isIn(target, PRESSABLE) && !types(target);
