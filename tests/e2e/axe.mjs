// What axe finds on a page as it stands: nothing, or the test fails with where and what.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Nobody is shut out of the page in the state it is in now. */
export async function accessible(window, state) {
  // The page's policy runs no script that is pasted in, so the browser runs it on the page's behalf.
  await window.page.evaluate(source);
  const violations = await window.page.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map(({ id, help, nodes }) => ({
      id,
      help,
      where: nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`),
    }));
  });
  assert.deepEqual(violations, [], `${state} (${window.name})`);
}
