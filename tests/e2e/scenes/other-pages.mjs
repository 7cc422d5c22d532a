// Pages besides the meeting: faults of names, an address that nothing claims, the API's documentation.
import assert from "node:assert/strict";
import {
  base,
  button,
  desktop,
  fits,
  heading,
  open,
  otherFaults,
  phone,
  quiet,
  shot,
  tally,
} from "../stage.mjs";

export async function otherPages() {
  await tally.check("a faulty name is explained in the form and at its address", async () => {
    const window = await open({ name: "typo", ...phone });
    await window.page.goto(base);
    await window.page.getByLabel("Link or name of a meeting").fill("ab");
    await button(window, "Join").click();
    await window.page.getByText("Use at least 3 characters.").waitFor();
    await fits(window);
    await shot(window, "home-fault");
    await window.page.goto(`${base}/m/no--good`);
    await heading(window, "There can be no meeting here").waitFor();
    assert.deepEqual(otherFaults(window, ["404", "/m/no--good"]), []);
    await window.close();
  });
  await tally.check("an address that nothing claims says so", async () => {
    const window = await open({ name: "lost", ...desktop });
    const response = await window.page.goto(`${base}/app/nothing-here`);
    assert.equal(response.status(), 404);
    await heading(window, "There is nothing here").waitFor();
    await shot(window, "not-found");
    assert.deepEqual(otherFaults(window, ["404", "/app/nothing-here"]), []);
    await window.close();
  });
  await tally.check("Swagger UI shows the API", async () => {
    const window = await open({ name: "docs", ...desktop });
    await window.page.goto(`${base}/docs`);
    await window.page.locator(".opblock", { hasText: "/token" }).first().waitFor();
    await shot(window, "docs");
    quiet(window);
    await window.close();
  });
}
