// Every language says all that the app says, and nothing else; the app says nothing that no file has.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { bestLanguage } from "../lib/language";
import { counted, speak, text, type Messages } from "../lib/messages";

const folder = new URL("../messages/", import.meta.url);
const texts = (file: string) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Messages;
const en = texts("en.json");
const files = readdirSync(folder);

const placeholders = (sentence: string) => [...sentence.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
/** Where one thing is meant, its number need not stand in the text. */
const isForm = (key: string) => /\.(zero|one|two|few|many|other)$/.test(key);

test.each(files)("%s has every text of the app, with the same placeholders", (file) => {
  const its: Record<string, string> = texts(file);
  const known: Record<string, string> = en;
  const rules = new Intl.PluralRules(file.replace(".json", "")).resolvedOptions().pluralCategories;
  for (const [key, sentence] of Object.entries(known)) {
    const translated = its[key] ?? "";
    assert.ok(translated.trim(), `${file} lacks ${key}`);
    const besideCount = (names: string[]) => names.filter((name) => !(isForm(key) && name === "{count}"));
    assert.deepEqual(besideCount(placeholders(translated)), besideCount(placeholders(sentence)), key);
  }
  for (const key of Object.keys(its)) {
    const stem = key.replace(/\.\w+$/, "");
    const isOwnForm = `${stem}.other` in known && rules.some((rule) => key === `${stem}.${rule}`);
    assert.ok(key in known || isOwnForm, `${file} has ${key}, which nothing says`);
  }
});

test("every text is used somewhere", () => {
  const sources = ["app", "components", "lib", "next.config.ts"]
    .flatMap((place) => filesIn(new URL(`../${place}`, import.meta.url).pathname))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const isSaid = (key: string) => {
    const stem = isForm(key) ? key.slice(0, key.lastIndexOf(".")) : key;
    // Some keys are put together from a group and a word: `roomName.${fault}`.
    const group = stem.slice(0, stem.lastIndexOf(".") + 1);
    return sources.includes(`"${stem}"`) || sources.includes(`\`${group}\${`);
  };
  assert.deepEqual(
    Object.keys(en).filter((key) => !isSaid(key)),
    [],
  );
});

function filesIn(place: string): string[] {
  if (/\.\w+$/.test(place)) return [place];
  return readdirSync(place, { withFileTypes: true }).flatMap((entry) => {
    const path = join(place, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

test("somebody gets the first of their languages that there is, whatever their country", () => {
  const known = ["de", "en", "fr"];
  assert.equal(bestLanguage(["de-AT", "en"], known), "de");
  assert.equal(bestLanguage(["FR"], known), "fr");
  assert.equal(bestLanguage(["pt-BR", "fr-CA"], known), "fr");
  assert.equal(bestLanguage(["ja"], known), "en");
  assert.equal(bestLanguage([], known), "en");
});

test("texts and counts follow the language in use", () => {
  assert.equal(counted("lobby.someWait", 1), "1 person is waiting to be let in.");
  assert.equal(counted("lobby.someWait", 1200), "1,200 people are waiting to be let in.");
  speak("de", { ...en, "app.loading": "Moment …", "lobby.someWait.other": "{count} warten." });
  assert.equal(text("app.loading"), "Moment …");
  assert.equal(counted("lobby.someWait", 1200), "1.200 warten.");
  speak("en", en);
});
