// Every text of the app, by key, in the language in use, with its {placeholders} filled in.
import en from "../messages/en.json";

export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, string>;

/** What a text is counted by: `key` stands for `key.one`, `key.other` and whatever else a language tells apart. */
export type CountedKey = MessageKey extends infer Key
  ? Key extends `${infer Stem}.other`
    ? Stem
    : never
  : never;

let messages: Messages = en;
let plurals = new Intl.PluralRules("en");

/** Speaks another language from now on; texts that were given out stay as they are. */
export function speak(language: string, its: Messages) {
  messages = its;
  plurals = new Intl.PluralRules(language);
}

/** The text of `key`; each `{name}` in it is replaced by `values.name`. */
export function text(key: MessageKey, values: Record<string, string | number> = {}): string {
  return messages[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text of `key` for a number of things, which may stand in it as `{count}`. */
export function counted(
  key: CountedKey,
  count: number,
  values: Record<string, string | number> = {},
): string {
  const exact = `${key}.${plurals.select(count)}`;
  const found = (exact in messages ? exact : `${key}.other`) as MessageKey;
  return text(found, { ...values, count: numeral(count) });
}

/** A number as the language writes it. */
function numeral(value: number): string {
  return value.toLocaleString(plurals.resolvedOptions().locale);
}
