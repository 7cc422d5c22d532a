// Hosts run their meeting: mute, roles, the lock, removing somebody, and the end for all.
import assert from "node:assert/strict";
import {
  base,
  button,
  closePanel,
  comeIn,
  desktop,
  enter,
  give,
  fits,
  isInside,
  make,
  meets,
  named,
  note,
  open,
  openPanel,
  openPerson,
  phone,
  quiet,
  shot,
  signIn,
  tally,
  tileOf,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("hosts-room");

export async function hosting() {
  const ada = await open({ name: "ada", ...desktop });
  const eve = await open({ name: "eve", ...desktop });
  const finn = await open({ name: "finn", ...phone });
  const ready = await tally.check("a host and a guest meet in a meeting of its own title", async () => {
    await signIn(ada);
    await button(ada, "Start meeting").waitFor();
    await make(ada, "/meetings", {
      room_name: ROOM,
      title: "The hosts' room",
    });
    await ada.page.goto(`${base}/m/${ROOM}`);
    await ada.page.getByText("The hosts' room").waitFor();
    await enter(ada, "Ada");
    await eve.page.goto(`${base}/m/${ROOM}`);
    await comeIn(eve, "Eve", ada);
    await meets(ada, "Eve");
  });
  if (!ready) return;

  await tally.check("the host mutes a guest, who can speak again", () => mutes(ada, eve));
  await tally.check("a viewer cannot publish, and is asked for nothing", () => narrows(ada, eve));
  await tally.check("a guest who was made a host lets others in", () => promotes(ada, eve, finn));
  await tally.check("a locked meeting lets nobody in, and opens again", () => locks(ada));
  await tally.check("a removed guest is told so and cannot come back with the old ticket", () =>
    removes(ada, eve),
  );
  await tally.check("the end is for everybody", () => ends(ada, finn));
  await tally.check("no error besides refusals, no CSP violation, no foreign host", () => {
    // A look into the lobby may be on its way when the sitting ends, and with it a guest's right to look.
    quiet(ada, ["404", "/lobby"]);
    quiet(eve, ["403", "/token"]);
    quiet(finn, ["404", "/lobby"]);
  });
  for (const window of [ada, eve, finn]) await window.close();
}

async function mutes(ada, eve) {
  await openPanel(ada);
  await shot(ada, "host-panel");
  await button(ada, "Mute Eve").click();
  await tileOf(ada, "Eve").locator("[data-lk-muted=true]").first().waitFor();
  const switched = eve.page.locator('.call-bar [data-lk-source="microphone"]');
  await eventually(async () => (await switched.getAttribute("aria-pressed")) === "false", "Eve sees it");
  await eve.page.getByText("Ada has muted your microphone.").waitFor();
  await button(eve, "Microphone").click();
  await tileOf(ada, "Eve").locator("[data-lk-muted=true]").first().waitFor({ state: "detached" });
}

async function narrows(ada, eve) {
  await give(await openPerson(ada, "Eve"), "Viewer");
  await button(eve, "Microphone").waitFor({ state: "detached" });
  assert.equal(await button(eve, "Camera").count(), 0);
  await eventually(
    async () => (await tileOf(ada, "Eve").locator("video").count()) === 0,
    "Eve's picture is gone",
  );
  await shot(eve, "call-viewer");

  await eve.page.reload();
  await button(eve, "Join meeting").click();
  await isInside(eve);
  await note(eve, "Connecting").waitFor({ state: "detached" });
  await eventually(async () => (await button(eve, "Microphone").count()) === 0, "a viewer has no switches");
  assert.equal(await button(eve, "Camera").count(), 0);
  await give(await openPerson(ada, "Eve"), "Speaker");
  await button(eve, "Microphone").waitFor();
  await button(eve, "Camera").click();
  await button(eve, "Microphone").click();
  await meets(ada, "Eve");
}

async function promotes(ada, eve, finn) {
  await give(await openPerson(ada, "Eve"), "Host");
  await closePanel(ada);
  await eve.page.getByText("You are a host now: you can run the meeting.").waitFor();
  await finn.page.goto(`${base}/m/${ROOM}`);
  await comeIn(finn, "Finn", eve);
  await tileOf(ada, "Finn").waitFor();
}

async function locks(ada) {
  const late = await open({ name: "late", ...phone });
  await openPanel(ada);
  await button(ada, "Lock meeting").click();
  await ada.page.getByText("It is locked: nobody else can join.").waitFor();
  await shot(ada, "host-locked");
  await late.page.goto(`${base}/m/${ROOM}`);
  await late.page.getByLabel("Your name").fill("Late");
  await button(late, "Join meeting").click();
  await late.page.getByText("The host has locked the meeting.").waitFor();
  await fits(late);
  await shot(late, "locked-out");
  await button(ada, "Unlock meeting").click();
  await ada.page.getByText("It is open to everybody who may join.").waitFor();
  await closePanel(ada);
  quiet(late, ["403", "/token"]);
  await late.close();
}

async function removes(ada, eve) {
  const tools = await openPerson(ada, "Eve");
  await tools.getByRole("button", { name: "Remove Eve" }).click();
  await ada.page.getByText("cannot come back as long as this meeting goes on").waitFor();
  await shot(ada, "host-remove");
  await button(ada, "Remove").click();
  await eve.page.getByText("You were removed from the meeting.").waitFor();
  await shot(eve, "removed");
  await tileOf(ada, "Eve").waitFor({ state: "detached" });
  await closePanel(ada);

  const refused = async () => {
    await button(eve, "Join meeting").click();
    await eve.page.getByText("You were removed from this meeting and cannot come back").waitFor();
  };
  await button(eve, "Join again").click();
  await refused();
  await eve.page.reload();
  await refused();
  await shot(eve, "removed-again");
}

async function ends(ada, finn) {
  await openPanel(ada);
  await button(ada, "End for everybody").click();
  await shot(ada, "host-end");
  await button(ada, "End it").click();
  await finn.page.getByText("The meeting was ended.").waitFor();
  await ada.page.getByText("The meeting was ended.").waitFor();
}
