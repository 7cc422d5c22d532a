// The first page: join by link or name; plan, change, invite to, end and delete a meeting.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  desktop,
  enter,
  fits,
  heading,
  isInside,
  make,
  named,
  open,
  phone,
  quiet,
  shot,
  signIn,
  tally,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("team-talk");
const TITLE = named("Team talk");
const LIVE = named("Stand-up");

export async function home() {
  await tally.check("whoever is not signed in joins by a link or a name, and is told what is none", joins);
  const ada = await open({ name: "ada", ...desktop });
  await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  await tally.check("a meeting is planned in a form that tells what is wrong", () => plans(ada));
  await tally.check("its invitation is copied as a link and as a text to send", () => copies(ada));
  await tally.check("it is changed, unless somebody else was faster", () => edits(ada));
  await tally.check("a personal invitation lets in, is shown once, and is taken back", () => invites(ada));
  await tally.check("a live meeting says who is in it, and is ended from the list", () => ends(ada));
  await tally.check("it is deleted after a question that says what goes", () => deletes(ada));
  await tally.check("the menu of a meeting is walked by keyboard alone", () => byKeyboard(ada));
  await tally.check("the first page fits a phone in the dark, and shuts nobody out", onPhone);
  await tally.check("no error, no CSP violation, no foreign host (home)", () => quiet(ada, ["412", ""]));
  await ada.close();
}

const rowOf = (window, name) => window.page.getByRole("listitem").filter({ hasText: name });

async function fromMenu(window, name, deed) {
  await button(window, `More about ${name}`).click();
  await window.page.getByRole("menuitem", { name: deed, exact: true }).click();
}

async function joins() {
  for (const options of [phone, desktop]) {
    const window = await open({ name: "gus", ...options });
    await window.page.goto(base);
    await window.page.getByRole("link", { name: "Sign in to start a meeting" }).waitFor();
    await accessible(window, "home, signed out");
    await fits(window);
    await shot(window, options === phone ? "home-signed-out-phone" : "home-signed-out");
    const field = window.page.getByLabel("Link or name of a meeting");
    await button(window, "Join").click();
    await window.page.getByText("Type or paste the link or the name").waitFor();
    await field.fill("https://elsewhere.example/m/blue-heron");
    await button(window, "Join").click();
    await window.page.getByText("That link does not lead to a meeting on this server.").waitFor();
    await accessible(window, "home, with a fault");
    await field.fill(`${base}/m/no-such-place`);
    await field.press("Enter");
    await window.page.waitForURL(`${base}/m/no-such-place`);
    await window.close();
  }
}

async function plans(ada) {
  await button(ada, "Plan a meeting").click();
  const form = ada.page.getByRole("dialog", { name: "Plan a meeting" });
  await form.getByLabel("Title").fill(TITLE);
  await form.getByLabel("Name in the link").fill("a");
  await form.getByLabel("Who may join").selectOption("passcode");
  await form.getByLabel("Passcode").fill("abc");
  await form.getByText("More settings").click();
  await form.getByLabel("Days to keep recordings").fill("0");
  await form.getByRole("button", { name: "Make meeting" }).click();
  await form.getByText("Use at least 3 characters.").waitFor();
  await form.getByText("Please use 4 to 64 characters.").waitFor();
  await form.getByText("Please give a whole number of days").waitFor();
  await accessible(ada, "the form, with faults");
  await shot(ada, "meeting-new-faults");

  await form.getByLabel("Name in the link").fill(ROOM);
  await form.getByLabel("Starts").fill("2027-03-01T14:30");
  await form.getByLabel("Passcode").fill("open sesame");
  await form.getByLabel("Days to keep recordings").fill("30");
  await shot(ada, "meeting-new");
  await form.getByRole("button", { name: "Make meeting" }).click();
  await heading(ada, `Invite to ${TITLE}`).waitFor();
}

async function copies(ada) {
  const dialog = ada.page.getByRole("dialog", { name: `Invite to ${TITLE}` });
  const clipboard = () => ada.page.evaluate(() => navigator.clipboard.readText());
  await accessible(ada, "the dialog to invite");
  await shot(ada, "invite");
  await dialog.getByRole("button", { name: "Copy: Link" }).click();
  assert.equal(await clipboard(), `${base}/m/${ROOM}`);
  await dialog.getByRole("button", { name: "Copy: Invitation to send" }).click();
  const text = await clipboard();
  for (const part of [TITLE, "2027", `${base}/m/${ROOM}`])
    assert.ok(text.includes(part), `${part} in ${text}`);
  await ada.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });

  const upcoming = ada.page.getByRole("region", { name: "Upcoming" });
  await upcoming.getByText(TITLE).waitFor();
  await upcoming.getByRole("button", { name: `Copy link of ${TITLE}` }).click();
  await ada.page.getByText("The link is copied.").waitFor();
  await accessible(ada, "home, signed in");
  await shot(ada, "home");
}

async function edits(ada) {
  await fromMenu(ada, TITLE, "Edit");
  const form = ada.page.getByRole("dialog", { name: "Edit meeting" });
  await form.getByLabel("Who may join").waitFor();
  assert.equal(await form.getByLabel("Starts").inputValue(), "2027-03-01T14:30");
  const meeting = await meetingNamed(ada, ROOM);
  const { origin } = new URL(base);
  const { etag } = (await ada.page.request.get(`${base}/meetings/${meeting.id}`)).headers();
  const faster = await ada.page.request.patch(`${base}/meetings/${meeting.id}`, {
    data: { lobby: "off" },
    headers: { origin, "if-match": etag },
  });
  assert.equal(faster.status(), 200);

  await form.getByLabel("Who may join").selectOption("invited");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("Somebody changed it meanwhile.").waitFor();
  await shot(ada, "meeting-edit-stale");
  await form.getByRole("button", { name: "Load it again" }).click();
  await eventually(
    async () => (await form.getByLabel("Who waits in the lobby").inputValue()) === "off",
    "what the other one changed",
  );
  await form.getByLabel("Who may join").selectOption("invited");
  await accessible(ada, "the form for a meeting that there is");
  await shot(ada, "meeting-edit");
  await form.getByRole("button", { name: "Save" }).click();
  await form.waitFor({ state: "hidden" });
  await rowOf(ada, TITLE).getByText("Invited only").waitFor();
  assert.equal((await meetingNamed(ada, ROOM)).recording_retention_days, 30, "what was not touched stays");
}

async function meetingNamed(window, room) {
  const { items } = await (await window.page.request.get(`${base}/meetings?limit=100`)).json();
  return items.find((meeting) => meeting.room_name === room);
}

async function invites(ada) {
  await fromMenu(ada, TITLE, "Invite people");
  const dialog = ada.page.getByRole("dialog", { name: `Invite to ${TITLE}` });
  await dialog.getByRole("button", { name: "New invitation" }).click();
  await dialog.getByLabel("For whom").fill("Ida");
  await dialog.getByLabel("Role").selectOption("host");
  await dialog.getByLabel("For how many people").fill("none");
  await dialog.getByRole("button", { name: "Make invitation" }).click();
  await dialog.getByText("Please give a whole number").waitFor();
  await accessible(ada, "the form for an invitation");
  await shot(ada, "invitation-new");
  await dialog.getByLabel("For how many people").fill("1");
  await dialog.getByRole("button", { name: "Make invitation" }).click();
  const link = await dialog.getByLabel("Invitation link", { exact: true }).inputValue();
  assert.ok(link.startsWith(`${base}/m/${ROOM}#invitation=`), "the secret stands behind the #");
  await accessible(ada, "an invitation that was just made");
  await shot(ada, "invitations");

  const ida = await open({ name: "ida", ...phone });
  await ida.page.goto(base);
  // Pasted into the home page it keeps its secret.
  await ida.page.getByLabel("Link or name of a meeting").fill(link);
  await button(ida, "Join").click();
  await enter(ida, "Ida");
  quiet(ida);
  await ida.close();

  await ada.page.keyboard.press("Escape");
  await fromMenu(ada, TITLE, "Invite people");
  await dialog.getByText("used by 1 of 1").waitFor();
  assert.equal(
    await dialog.getByLabel("Invitation link", { exact: true }).count(),
    0,
    "it is not shown again",
  );
  await dialog.getByRole("button", { name: "Take back the invitation: Ida" }).click();
  await dialog.getByText("Taken back").waitFor();
  await ada.page.keyboard.press("Escape");
}

async function ends(ada) {
  const room = named("stand-up");
  await make(ada, "/meetings", {
    room_name: room,
    title: LIVE,
    access: "public",
    lobby: "off",
  });
  const gus = await open({ name: "gus", ...phone });
  await gus.page.goto(`${base}/m/${room}`);
  await enter(gus, "Gus");
  await isInside(gus);
  const row = ada.page
    .getByRole("region", { name: "Live now" })
    .getByRole("listitem")
    .filter({ hasText: room });
  await row.getByText("Gus is in it").waitFor({ timeout: 40_000 });
  await accessible(ada, "home, with a live meeting");
  await shot(ada, "home-live-now");
  await fromMenu(ada, LIVE, "End for everybody");
  await heading(ada, `End ${LIVE} for everybody?`).waitFor();
  await shot(ada, "meeting-end");
  await button(ada, "End for everybody").click();
  await row.waitFor({ state: "hidden", timeout: 40_000 });
  await ada.page.getByRole("region", { name: "Recent" }).getByText(room, { exact: true }).waitFor();
  await gus.close();
}

async function deletes(ada) {
  await fromMenu(ada, TITLE, "Delete");
  const dialog = ada.page.getByRole("dialog", { name: `Delete ${TITLE}?` });
  await dialog.getByText("Its link stops working").waitFor();
  await accessible(ada, "the question before a meeting is deleted");
  await shot(ada, "meeting-delete");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.ok(
    await button(ada, `More about ${TITLE}`).evaluate((it) => it === document.activeElement),
    "focus is back",
  );
  await fromMenu(ada, TITLE, "Delete");
  await dialog.getByRole("button", { name: "Delete meeting" }).click();
  await ada.page.getByText("The meeting is deleted.").waitFor();
  await rowOf(ada, ROOM).waitFor({ state: "hidden" });
  assert.equal(await meetingNamed(ada, ROOM), undefined);
}

async function byKeyboard(ada) {
  const more = button(ada, `More about ${LIVE}`).first();
  await more.focus();
  await ada.page.keyboard.press("Enter");
  const focused = () => ada.page.evaluate(() => document.activeElement?.textContent);
  const lands = (item) => eventually(async () => (await focused()) === item, `the focus is on ${item}`);
  const isBack = (after) =>
    eventually(() => more.evaluate((it) => it === document.activeElement), `the focus is back after ${after}`);
  await lands("Invite people");
  await accessible(ada, "an open menu");
  await shot(ada, "meeting-menu");
  await ada.page.keyboard.press("End");
  await lands("Delete");
  await ada.page.keyboard.press("ArrowDown");
  await lands("Invite people");
  await ada.page.keyboard.press("Escape");
  await isBack("the menu");
  await ada.page.keyboard.press("Enter");
  await lands("Invite people");
  await ada.page.keyboard.press("ArrowDown");
  await lands("Edit");
  await ada.page.keyboard.press("Enter");
  await heading(ada, "Edit meeting").waitFor();
  await ada.page.keyboard.press("Escape");
  await isBack("the dialog");
}

async function onPhone() {
  const window = await open({ name: "ada on a phone", ...phone });
  await signIn(window);
  await window.page.getByRole("region", { name: "Recent" }).waitFor();
  await accessible(window, "home on a phone");
  await fits(window);
  await shot(window, "home-phone");
  await button(window, "Plan a meeting").click();
  await window.page.getByLabel("Title").waitFor();
  await fits(window);
  await accessible(window, "the form on a phone");
  await shot(window, "meeting-new-phone");
  quiet(window);
  await window.close();
}
