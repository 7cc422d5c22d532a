// Lighthouse's marks for the pages that people meet first, as a phone on a slow network sees them.
//
//   BASE_URL=… HOST_EMAIL=… HOST_PASSWORD=… node lighthouse.mjs
//
// The account must be there. The last line is `N passed, N failed`.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import lighthouse from "lighthouse";
import { launch } from "./browser.mjs";
import { base, host } from "./setting.mjs";
import { Tally } from "./tally.mjs";

/** What each category must reach, of 100. */
const LEAST = { performance: 90, accessibility: 100, "best-practices": 95 };
/** A busy machine makes a page slow that is not: the best of so many tries counts. */
const TRIES = 3;

const tally = new Tally();

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Signs in as the pages do; answers the cookie. */
async function signedIn() {
  const answer = await fetch(`${base}/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: base },
    body: JSON.stringify({ email: host.email, password: host.password }),
  });
  assert.equal(answer.status, 201, await answer.text());
  return answer.headers.getSetCookie()[0].split(";")[0];
}

async function marks(port, path, cookie) {
  const best = {};
  for (let go = 0; go < TRIES; go += 1) {
    const { lhr } = await lighthouse(`${base}${path}`, {
      port,
      logLevel: "error",
      onlyCategories: Object.keys(LEAST),
      extraHeaders: { Cookie: cookie },
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
  for (const [name, path] of [
    ["home", "/"],
    ["the door of a meeting", "/m/blue-heron"],
    ["recordings", "/app/recordings"],
  ])
    await tally.check(`Lighthouse is content with ${name}`, async () => {
      const { faults, ...best } = await marks(port, path, cookie);
      console.log(`        ${JSON.stringify(best)}`);
      for (const [category, least] of Object.entries(LEAST))
        assert.ok(best[category] >= least, `${category}: ${best[category]} of ${least}; ${faults.join(", ")}`);
    });
} finally {
  await browser.close();
}
process.exit(tally.end());
