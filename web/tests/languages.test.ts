// Every language says all that the app says, and nothing else; the app says nothing that no file has.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
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

// TypeScript knows which keys `roomName.${fault}` can come to, but takes its time to find out.
test("every text is used somewhere", { timeout: 120_000 }, () => {
  const said = wordsOfTheApp();
  const isSaid = (key: string) =>
    said.has(key) || (isForm(key) && said.has(key.slice(0, key.lastIndexOf("."))));
  assert.deepEqual(
    Object.keys(en).filter((key) => !isSaid(key)),
    [],
  );
});

/** What stands in the app as a word of its own, and what its templates can come to. */
function wordsOfTheApp(): Set<string> {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile) as { config: unknown };
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const isOurs = (file: string) => /^(app|components|lib)\/|^next\.config/.test(file.slice(root.length));
  const program = ts.createProgram(fileNames.filter(isOurs), options);
  const checker = program.getTypeChecker();

  const words = new Set<string>();
  const read = (node: ts.Node) => {
    if (ts.isStringLiteralLike(node)) words.add(node.text);
    if (ts.isTemplateExpression(node)) {
      const type = checker.getTypeAtLocation(node);
      for (const one of type.isUnion() ? type.types : [type]) if (one.isStringLiteral()) words.add(one.value);
    }
    ts.forEachChild(node, read);
  };
  for (const file of program.getRootFileNames()) {
    // There the forms of what is counted are put together, whatever is counted.
    if (file === `${root}lib/messages.ts`) continue;
    const source = program.getSourceFile(file);
    if (source) read(source);
  }
  return words;
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
