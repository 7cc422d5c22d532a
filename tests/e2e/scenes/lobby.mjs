// The lobby: a host lets several in at once, and holds also who has an account where everybody has to wait.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  admit,
  base,
  button,
  closePanel,
  desktop,
  enter,
  fits,
  isInside,
  knock,
  leave,
  make,
  meets,
  named,
  open,
  openPanel,
  phone,
  quiet,
  shot,
  signIn,
  tally,
  waits,
} from "../stage.mjs";

export async function lobby() {
  const ada = await open({ name: "ada", ...desktop });
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  await tally.check("a host lets in all who wait with one button", () => admitsAll(ada));
  await tally.check("where everybody waits, so does somebody with an account", () => everybodyWaits(ada));
  await tally.check("no error, no CSP violation, no foreign host (the host of the lobby)", () => quiet(ada));
  await ada.close();
}

async function admitsAll(ada) {
  const room = named("all-at-once");
  await make(ada, "/meetings", { room_name: room });
  await ada.page.goto(`${base}/m/${room}`);
  await enter(ada, "Ada");
  const guests = await Promise.all(["Gus", "Gwen"].map((name) => open({ name, ...phone })));
  for (const guest of guests) {
    await guest.page.goto(`${base}/m/${room}`);
    await knock(guest, guest.name);
    await waits(guest);
  }
  await ada.page.locator(".lobby-call").getByText("2 people are waiting to be let in.").waitFor();
  await shot(ada, "lobby-two-note");
  const panel = await openPanel(ada);
  await accessible(ada, "the list of people with two in the lobby");
  await shot(ada, "lobby-two");
  await panel.getByRole("button", { name: "Admit all", exact: true }).click();
  await panel.getByRole("region", { name: "Lobby" }).waitFor({ state: "detached" });
  await closePanel(ada);
  for (const guest of guests) {
    await isInside(guest);
    await meets(ada, guest.name);
    quiet(guest);
  }
  await shot(ada, "lobby-two-admitted");
  for (const guest of guests) await guest.close();
  await leave(ada);
}

async function everybodyWaits(ada) {
  const bela = {
    name: "Bela",
    email: `${named("bela")}@example.org`,
    password: "a long password of Bela's",
  };
  await make(ada, "/accounts", { ...bela, role: "host" });
  const room = named("everybody-waits");
  await make(ada, "/meetings", { room_name: room, lobby: "everyone" });
  await ada.page.goto(`${base}/m/${room}`);
  await enter(ada, "Ada");

  const window = await open({ name: "bela", ...phone });
  await signIn(window, `/app/sign-in?return_to=${encodeURIComponent(`/m/${room}`)}`, bela);
  await button(window, "Join meeting").waitFor();
  assert.equal(
    await window.page.getByLabel("Your name").inputValue(),
    bela.name,
    "the account's name is there",
  );
  await button(window, "Join meeting").click();
  await waits(window);
  await fits(window);
  await shot(window, "lobby-account");
  // Without a ticket of their own in the tab: the session is who they are.
  await window.page.reload();
  await waits(window);

  const panel = await openPanel(ada);
  await panel.getByText(bela.name, { exact: true }).waitFor();
  await shot(ada, "lobby-account-host");
  assert.equal(await panel.getByText("guest", { exact: true }).count(), 0, "an account is no guest");
  await admit(ada, bela.name);
  await isInside(window);
  await meets(ada, bela.name);
  await openPanel(window);
  assert.equal(await button(window, "More about Ada").count(), 0, "a host elsewhere runs nothing here");
  await closePanel(window);
  quiet(window);
  await window.close();
  await leave(ada);
}
