// Lighthouse's marks for the pages that people meet first, as a phone on a slow network sees them.
//
//   BASE_URL=… HOST_EMAIL=… HOST_PASSWORD=… node lighthouse.mjs
//
// The account must be there, unless SETUP_LINK holds a link of `meetbox account setup-link`: then it is made. A meeting is made
// for its door. CHROMIUM names the browser when it is not /usr/bin/chromium. The last line is `N passed, N failed`.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import lighthouse, { defaultConfig } from "lighthouse";
import { pageFunctions } from "lighthouse/core/lib/page-functions.js";
import { launch } from "./browser.mjs";
import { base, host } from "./setting.mjs";
import { Tally } from "./tally.mjs";

/** What each category must reach, of 100. */
const LEAST = { performance: 90, accessibility: 100, "best-practices": 95 };
/** A busy machine makes a page slow that is not: the best of so many tries counts. */
const TRIES = 6;
/**
 * How much slower than this machine the phone is, at most: Lighthouse's own figure, which it means for a machine whose
 * `benchmarkIndex` lies in the middle of the high-end desktops. A weaker one is slowed down less, or it would pass for a phone
 * that nobody has; docs/throttling.md of Lighthouse, "Calibrating the CPU slowdown".
 */
const SLOWDOWN = 4;
const HIGH_END_DESKTOP = 1750;

const tally = new Tally();

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Asks the API as a page would, with `cookie` when somebody is signed in. */
async function ask(path, body, cookie = "") {
  const answer = await fetch(`${base}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: base, Cookie: cookie },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 201, `${path}: ${await answer.clone().text()}`);
  return answer;
}

/** Signs in, or makes the first account; answers the session's cookie. */
async function signedIn() {
  const { email, name, password } = host;
  const link = process.env.SETUP_LINK;
  const answer = link
    ? await ask("/setup", { secret: new URL(link).hash.slice(1), email, name, password })
    : await ask("/sessions", { email, password });
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  return cookies.find((cookie) => cookie.includes("meetbox_session="));
}

/** By how much to slow this machine down, as it is at the moment, to get a phone of the middle of the market. */
async function slowdown() {
  const page = await browser.newPage();
  const index = await page.evaluate(`(${pageFunctions.computeBenchmarkIndex})()`);
  await page.close();
  const times = Math.min(SLOWDOWN, Math.max(1, (SLOWDOWN * index) / HIGH_END_DESKTOP));
  return { index, times };
}

async function marks(port, path, cookie) {
  const best = {};
  for (let go = 0; go < TRIES; go += 1) {
    const { index, times } = await slowdown();
    best.machine = `${index}, slowed down ${times.toFixed(1)} times`;
    const { lhr } = await lighthouse(`${base}${path}`, {
      port,
      logLevel: "error",
      onlyCategories: Object.keys(LEAST),
      throttling: { ...defaultConfig.settings.throttling, cpuSlowdownMultiplier: times },
      // A guest's phone shows none; and none may stay from the page before.
      extraHeaders: cookie ? { Cookie: cookie } : {},
    });
    for (const [name, { score }] of Object.entries(lhr.categories))
      best[name] = Math.max(best[name] ?? 0, Math.round(100 * score));
    best.faults = Object.values(lhr.audits)
      .filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode !== "informative")
      .map(({ id, displayValue }) => `${id} ${displayValue ?? ""}`.trim());
    if (Object.entries(LEAST).every(([name, least]) => best[name] >= least)) break;
  }
  return best;
}

const port = await freePort();
const browser = await launch([`--remote-debugging-port=${port}`]);
try {
  const cookie = await signedIn();
  const { room_name: room } = await (await ask("/meetings", {}, cookie)).json();
  for (const [name, path, shown] of [
    ["home, signed out", "/"],
    ["home, signed in", "/", cookie],
    ["the door of a meeting", `/m/${room}`],
    ["recordings", "/app/recordings", cookie],
  ])
    await tally.check(`Lighthouse is content with ${name}`, async () => {
      const { faults, ...best } = await marks(port, path, shown);
      console.log(`        ${JSON.stringify(best)}`);
      for (const [category, least] of Object.entries(LEAST))
        assert.ok(best[category] >= least, `${category}: ${best[category]} of ${least}; ${faults.join(", ")}`);
    });
} finally {
  await browser.close();
}
process.exit(tally.end());
