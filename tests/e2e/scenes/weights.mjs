// What the pages weigh on the wire, from an empty cache, as a guest's phone fetches them.
import assert from "node:assert/strict";
import { base, button, desktop, isInside, make, named, open, phone, signIn, tally } from "../stage.mjs";
import { BUDGETS, weigh } from "../weights.mjs";

const ROOM = named("weighed");

export async function weights() {
  const ada = await open({ name: "ada", ...desktop });
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  await make(ada, "/meetings", { room_name: ROOM, lobby: "off" });
  await ada.close();

  await tally.check("the home page is light", () =>
    weighs("home", async (guest) => {
      await guest.page.goto(base);
      await button(guest, "Join").waitFor();
    }),
  );
  await tally.check("the door of a meeting is light", () => weighs("door", stands));
  await tally.check("the call is light, its door and all", () =>
    weighs("call", async (guest) => {
      await stands(guest);
      await guest.page.getByLabel("Your name").fill("Walt");
      await button(guest, "Join meeting").click();
      await isInside(guest);
    }),
  );
}

/** On the doorstep, with everything on it. */
async function stands(guest) {
  await guest.page.goto(`${base}/m/${ROOM}`);
  await button(guest, "Join meeting").waitFor();
}

async function weighs(what, visit) {
  const guest = await open({ name: "walt", ...phone });
  const bytes = await weigh(guest);
  await visit(guest);
  // What is fetched ahead of its use counts as well.
  await guest.page.waitForLoadState("networkidle");
  const kib = Math.ceil(bytes() / 1024);
  console.log(`        ${what}: ${kib} KiB of ${BUDGETS[what] / 1024}`);
  await guest.close();
  assert.ok(kib > 0, "something was fetched");
  assert.ok(bytes() <= BUDGETS[what], `${what} weighs ${kib} KiB, and may ${BUDGETS[what] / 1024}`);
}
