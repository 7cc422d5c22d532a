// What axe finds on a page as it stands: nothing, or the test fails with where and what.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * A focus guard at the edge of a menu hands the focus on at once, which axe cannot see: the rule itself allows it
 * (https://www.w3.org/WAI/standards-guidelines/act/rules/6cfa84/: its examples have a "focus sentinel").
 */
const GUARDS = { rule: "aria-hidden-focus", of: "data-base-ui-focus-guard" };

/** Nobody is shut out of the page in the state it is in now. */
export async function accessible(window, state) {
  // The page's policy runs no script that is pasted in, so the browser runs it on the page's behalf.
  await window.page.evaluate(source);
  const violations = await window.page.evaluate(async (guards) => {
    const found = await window.axe.run(document, { resultTypes: ["violations"] });
    const isGuard = (id, node) => id === guards.rule && node.html.includes(guards.of);
    return found.violations
      .map(({ id, help, nodes }) => ({
        id,
        help,
        where: nodes
          .filter((node) => !isGuard(id, node))
          .map((node) => `${node.target.join(" ")}: ${node.failureSummary}`),
      }))
      .filter(({ where }) => where.length > 0);
  }, GUARDS);
  assert.deepEqual(violations, [], `${state} (${window.name})`);
}
