// Which language the app speaks: what somebody chose here, else the first of their browser's that there is a file for.
import { useSyncExternalStore } from "react";
import { speak, type Messages } from "./messages";

/** The one that the exported pages are written in. */
export const FIRST = "en";

/** Every language by its code, called by its own name: one for each file in `messages/`, as the build found them. */
export const languages = JSON.parse(process.env.LANGUAGES ?? `{"${FIRST}":"English"}`) as Record<
  string,
  string
>;

const KEY = "meetbox.language";

/** The best of `known` for somebody who wants `wishes`, the dearest first. */
export function bestLanguage(wishes: readonly string[], known: readonly string[]): string {
  for (const wish of wishes) {
    const [base = ""] = wish.toLowerCase().split("-");
    const found =
      known.find((code) => code.toLowerCase() === wish.toLowerCase()) ?? known.find((code) => code === base);
    if (found) return found;
  }
  return FIRST;
}

function chosen(): string | undefined {
  try {
    return window.localStorage.getItem(KEY) ?? undefined;
  } catch {
    // Without storage the browser's own list decides.
    return undefined;
  }
}

function wanted(): string {
  const choice = chosen();
  const wishes = choice ? [choice, ...navigator.languages] : navigator.languages;
  return bestLanguage(wishes, Object.keys(languages));
}

/** What is spoken now; nothing while its texts are on their way. */
let spoken: string | undefined = typeof window === "undefined" || wanted() === FIRST ? FIRST : undefined;
const listeners = new Set<() => void>();

function settle(language: string) {
  spoken = language;
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
  for (const tell of listeners) tell();
}

/** Which way a language is written. */
function directionOf(language: string): "ltr" | "rtl" {
  const locale = new Intl.Locale(language) as Intl.Locale & {
    textInfo?: { direction?: string };
    getTextInfo?: () => { direction?: string };
  };
  return (locale.getTextInfo?.() ?? locale.textInfo)?.direction === "rtl" ? "rtl" : "ltr";
}

/** Tells that the page has come to life; until then it must say what it was exported with. */
let alive: () => void = () => undefined;
const isAlive = new Promise<void>((resolve) => {
  alive = resolve;
});

export const comesToLife = () => alive();

async function fetchTexts(language: string) {
  try {
    const file = (await import(`../messages/${language}.json`)) as { default: Messages };
    await isAlive;
    speak(language, file.default);
    settle(language);
  } catch {
    // Better in English than not at all.
    settle(FIRST);
  }
}

if (spoken === undefined) void fetchTexts(wanted());

function subscribe(tell: () => void) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** The language in use; nothing while its texts are on their way. */
export function useLanguage(): string | undefined {
  return useSyncExternalStore(
    subscribe,
    () => spoken,
    () => FIRST,
  );
}

/** Speaks `language` from now on, here and on every later visit. */
export function chooseLanguage(language: string) {
  try {
    window.localStorage.setItem(KEY, language);
  } catch {
    // Then it lasts as long as the page.
  }
  void fetchTexts(language);
}
