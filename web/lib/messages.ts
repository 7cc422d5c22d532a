// Every text of the app, by key, with its {placeholders} filled in.
import en from "../messages/en.json";

export type MessageKey = keyof typeof en;

/** The text of `key`; each `{name}` in it is replaced by `values.name`. */
export function text(key: MessageKey, values: Record<string, string | number> = {}): string {
  return en[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
