// Every language that there is a file for: the pages speak it from the browser's wish on, and nothing is cut off by longer words.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { accessible } from "../axe.mjs";
import { base, button, desktop, fits, isInside, make, named, open, phone, quiet, shot, signIn, tally } from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("tower-of-babel");
const FILES = new URL("../../../web/messages/", import.meta.url);

export async function languages() {
  const ada = await open({ name: "ada", ...desktop });
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  await make(ada, "/meetings", { room_name: ROOM, access: "public", lobby: "off" });
  await ada.close();

  for (const file of (await readdir(FILES)).sort()) {
    const texts = JSON.parse(await readFile(new URL(file, FILES), "utf8"));
    const language = file.replace(".json", "");
    await tally.check(`the pages speak ${texts["language.name"]}`, () => speaks(language, texts));
  }
}

async function speaks(language, texts) {
  const window = await open({ name: language, locale: language, ...phone });
  for (const [path, key] of [
    ["/", "home.heading"],
    ["/app/sign-in", "signIn.heading"],
    ["/app/diagnostics", "app.diagnostics"],
    ["/app/nowhere", "notFound.heading"],
  ]) {
    await window.page.goto(`${base}${path}`);
    await window.page.getByRole("heading", { name: texts[key], exact: true }).waitFor();
    assert.equal(await window.page.evaluate(() => document.documentElement.lang), language);
    await fits(window);
    await accessible(window, `${path} in ${language}`);
    await shot(window, `language-${language}${path === "/" ? "" : path.slice("/app".length).replace("/", "-")}`);
  }

  await window.page.goto(`${base}/m/${ROOM}`);
  await window.page.getByLabel(texts["prejoin.yourName"]).fill("Nimrod");
  await fits(window);
  await shot(window, `language-${language}-door`);
  await button(window, texts["prejoin.join"]).click();
  await isInside(window);
  await fits(window);
  await accessible(window, `a call in ${language}`);
  await button(window, texts["call.more"]).click();
  await window.page.getByRole("menuitem", { name: texts["people.heading"], exact: true }).click();
  await eventually(() => window.page.locator("#call-side").isVisible(), "the list of people");
  await fits(window);
  await shot(window, `language-${language}-people`);
  quiet(window, ["404", "/app/nowhere"]);
  await window.close();
}
