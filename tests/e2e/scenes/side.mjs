// What stands beside the pictures: chat, raised hands, reactions, the list of people, and recording from the call.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  PICTURE_TOO_LATE,
  base,
  button,
  closePanel,
  desktop,
  enter,
  fits,
  give,
  isInside,
  make,
  named,
  open,
  openPanel,
  openPerson,
  phone,
  quiet,
  shot,
  sideOf,
  signIn,
  tally,
  tileOf,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const ROOM = named("side-room");

export async function side() {
  const ada = await open({ name: "ada", ...desktop });
  const gus = await open({ name: "gus", ...phone });
  const ready = await tally.check("a host and a guest on a phone are in a call", async () => {
    await signIn(ada);
    await button(ada, "Start meeting").waitFor();
    await make(ada, "/meetings", { room_name: ROOM, access: "public", lobby: "off" });
    await ada.page.goto(`${base}/m/${ROOM}`);
    await enter(ada, "Ada");
    await gus.page.goto(`${base}/m/${ROOM}`);
    await enter(gus, "Gus");
    await tileOf(ada, "Gus").waitFor();
    await ada.page.getByText("Gus has joined.").waitFor();
  });
  if (!ready) return;

  await tally.check("an empty chat says for whom it is", () => empty(ada));
  await tally.check("both write, and links can be followed", () => chats(ada, gus));
  await tally.check("what is unread is counted and told", () => unread(ada, gus));
  await tally.check("nothing that is written runs or is drawn", () => harmless(ada, gus));
  await tally.check("a reload of the tab keeps the chat and what was being typed", () => reloads(gus));
  await tally.check("what could not be sent is kept and sent later", () => sentLater(ada, gus));
  await tally.check("a raised hand is seen, by newcomers too, and a host lowers it", () => hands(ada, gus));
  await tally.check("a reaction is seen with a name, and goes", () => reacts(ada, gus));
  await tally.check("who shows nothing and writes at once is heard", () => writesAtOnce(ada));
  await tally.check("the panel takes the focus and gives it back", () => focus(ada));
  await tally.check("the list of people says who is who, and hosts decide there", () => people(ada, gus));
  if (process.env.RECORDER)
    await tally.check("a host starts and stops a recording from the call", () => records(ada));
  await tally.check("no error, no CSP violation, no foreign host (beside the pictures)", () => {
    // Both see people leave and come anew: Ada sees Gus, Gus the newcomer.
    quiet(ada, ["409", "/recordings/start"], PICTURE_TOO_LATE);
    quiet(gus, ["ERR_INTERNET_DISCONNECTED", ""], PICTURE_TOO_LATE);
  });
  await gus.close();
  await tally.check("who leaves is told", () => ada.page.getByText("Gus has left.").waitFor());
  await ada.close();
}

/** Opens the chat, unless it is open. */
async function openChat(window) {
  const chat = sideOf(window, "Chat");
  const opener = window.page.locator(".call-bar").getByRole("button", { name: /^Chat/ });
  if (!(await chat.isVisible())) await opener.click();
  await chat.waitFor();
  return chat;
}

async function write(window, words) {
  const chat = await openChat(window);
  await chat.getByLabel("Write a message").fill(words);
  await chat.getByLabel("Write a message").press("Enter");
  await chat.getByText("Sending …").waitFor({ state: "detached" });
}

const entry = (window, words) => window.page.locator(".chat-entry", { hasText: words });

async function empty(ada) {
  const chat = await openChat(ada);
  await chat.getByText("whoever comes later does not see them").waitFor();
  await accessible(ada, "an empty chat");
  await shot(ada, "chat-empty");
}

/** LiveKit tells others late of somebody without a track. */
async function writesAtOnce(ada) {
  const eve = await open({ name: "eve", devices: false, ...desktop });
  await eve.page.goto(`${base}/m/${ROOM}`);
  await enter(eve, "Eve");
  await write(eve, "Here I am");
  await openChat(ada);
  await entry(ada, "Here I am").getByText("Eve").waitFor();
  assert.equal(await entry(ada, "Here I am").count(), 1);
  await closePanel(ada);
  await eve.close();
}

async function chats(ada, gus) {
  await openChat(gus);
  await write(ada, "The plan: https://example.org/plan?a=1 (draft).");
  const link = entry(gus, "The plan").getByRole("link");
  assert.equal(await link.getAttribute("href"), "https://example.org/plan?a=1");
  assert.equal(await link.getAttribute("target"), "_blank");
  assert.equal(await link.getAttribute("rel"), "noopener noreferrer");

  const field = gus.page.getByLabel("Write a message");
  await field.fill("One line");
  await field.press("Shift+Enter");
  await field.pressSequentially("and another");
  await field.press("Enter");
  const both = entry(ada, "One line").locator(".chat-words");
  await both.waitFor();
  assert.equal(await both.textContent(), "One line\nand another");
  await entry(ada, "One line").getByText("Gus").waitFor();
  assert.equal(await entry(ada, "One line").getAttribute("data-own"), null);
  assert.equal(await entry(gus, "One line").getAttribute("data-own"), "true");

  await field.fill("x".repeat(1_900));
  await gus.page.getByText("100 characters left").waitFor();
  await field.fill("");
  await accessible(ada, "a chat");
  await accessible(gus, "a chat on a phone");
  await fits(gus);
  await shot(ada, "chat");
  await shot(gus, "chat-phone");
  await closePanel(gus);
}

async function unread(ada, gus) {
  await write(ada, "Are you there?");
  await button(gus, "Chat, 1 unread message").waitFor();
  await write(ada, "Gus?");
  await button(gus, "Chat, 2 unread messages").waitFor();
  await gus.page.getByRole("status").getByText("New message from Ada.").waitFor();
  await accessible(gus, "a call with unread messages");
  await fits(gus);
  await shot(gus, "chat-unread");
  await openChat(gus);
  await entry(gus, "Gus?").waitFor();
  await closePanel(gus);
  await button(gus, "Chat").waitFor();
}

async function harmless(ada, gus) {
  const markup = `<img src=x onerror="document.title='caught'"> javascript:alert(1) https://a@b.example/`;
  await write(ada, markup);
  await openChat(gus);
  const words = entry(gus, "onerror").locator(".chat-words");
  assert.equal(await words.textContent(), markup);
  assert.equal(await words.locator("img, a, script").count(), 0);
  assert.ok(!(await gus.page.title()).includes("caught"));
}

async function reloads(gus) {
  await openChat(gus);
  await gus.page.getByLabel("Write a message").fill("half a tho");
  await gus.page.reload();
  await button(gus, "Join meeting").click();
  await isInside(gus);
  await openChat(gus);
  await entry(gus, "Are you there?").waitFor();
  assert.equal(await entry(gus, "One line").getAttribute("data-own"), "true");
  assert.equal(await gus.page.getByLabel("Write a message").inputValue(), "half a tho");
  await gus.page.getByLabel("Write a message").fill("");
}

async function sentLater(ada, gus) {
  const context = gus.page.context();
  await context.setOffline(true);
  // The browser's switch does not reach what WebRTC has open: the signal goes, and LiveKit connects again.
  await gus.page.getByLabel("Write a message").fill("Said in between");
  await gus.page.getByLabel("Write a message").press("Enter");
  await entry(gus, "Said in between").waitFor();
  await context.setOffline(false);
  await entry(ada, "Said in between").waitFor({ timeout: 40_000 });
  assert.equal(await entry(ada, "Said in between").count(), 1);
  await closePanel(gus);
}

async function hands(ada, gus) {
  await button(gus, "React").click();
  await button(gus, "Raise hand").click();
  await ada.page.getByText("Gus has raised a hand.").waitFor();
  const panel = await openPanel(ada);
  const first = panel.locator(".person").first();
  await first.getByText("Gus").waitFor();
  await first.getByRole("img", { name: "Hand raised" }).waitFor();
  const [mark, tile] = await Promise.all([
    tileOf(ada, "Gus").locator(".hand-mark").boundingBox(),
    tileOf(ada, "Gus").boundingBox(),
  ]);
  assert.ok(mark.y >= tile.y && mark.y + mark.height <= tile.y + tile.height, "it is on the picture, too");
  await accessible(ada, "the list of people with a raised hand");
  await shot(ada, "people-hand");
  await shot(gus, "hand-own");

  const late = await open({ name: "late", ...desktop });
  await late.page.goto(`${base}/m/${ROOM}`);
  await enter(late, "Late");
  const list = await openPanel(late);
  await list.locator(".person").first().getByText("Gus").waitFor();
  await list.getByRole("img", { name: "Hand raised" }).waitFor();
  const chat = await openChat(late);
  await chat.getByText("Nothing has been written yet.").waitFor();
  await button(late, "Raise hand").click();
  await eventually(async () => (await panel.getByRole("img", { name: "Hand raised" }).count()) === 2, "two hands");
  assert.match(await panel.locator(".person").nth(1).textContent(), /Late/, "in the order of raising");
  quiet(late);
  await late.close();
  await eventually(
    async () => (await panel.getByRole("img", { name: "Hand raised" }).count()) === 1,
    "the hand of who left is down",
  );

  const tools = await openPerson(ada, "Gus");
  await tools.getByRole("button", { name: "Lower hand" }).click();
  await gus.page.getByText("Ada has lowered your hand.").waitFor();
  await button(gus, "React").waitFor();
  await eventually(async () => (await panel.getByRole("img", { name: "Hand raised" }).count()) === 0, "it is down");
  await closePanel(ada);
}

async function reacts(ada, gus) {
  await button(gus, "React").click();
  await accessible(gus, "the choice of reactions");
  await fits(gus);
  await shot(gus, "reactions-menu");
  await button(gus, "Applause").click();
  const float = ada.page.locator(".float", { hasText: "Gus" });
  await float.waitFor();
  await shot(ada, "reaction");
  await ada.page.getByRole("status").getByText("Gus: Applause").waitFor();
  await float.waitFor({ state: "detached" });
}

async function focus(ada) {
  const chatButton = ada.page.locator(".call-bar").getByRole("button", { name: /^Chat/ });
  await chatButton.focus();
  await ada.page.keyboard.press("Enter");
  await eventually(
    () => ada.page.getByLabel("Write a message").evaluate((it) => it === document.activeElement),
    "one can write at once",
  );
  await ada.page.keyboard.press("Escape");
  await sideOf(ada, "Chat").waitFor({ state: "detached" });
  await eventually(() => chatButton.evaluate((it) => it === document.activeElement), "the focus is back");
}

async function people(ada, gus) {
  const list = await openPanel(gus);
  await list.locator(".person", { hasText: "Ada" }).getByText("Host").waitFor();
  await list.locator(".person", { hasText: "Gus" }).getByText("you").waitFor();
  await accessible(gus, "the list of people on a phone");
  await fits(gus);
  await shot(gus, "people-phone");
  await closePanel(gus);

  const panel = await openPanel(ada);
  const tools = await openPerson(ada, "Gus");
  await accessible(ada, "what a host decides about somebody");
  await shot(ada, "people-host");
  await tools.getByRole("button", { name: "Stop camera" }).click();
  await gus.page.getByText("Ada has stopped your camera.").waitFor();
  await button(ada, "Mute all others").click();
  await gus.page.getByText("Ada has muted your microphone.").waitFor();
  await panel.locator(".person", { hasText: "Gus" }).getByRole("img", { name: "microphone off" }).waitFor();

  await give(tools, "Host");
  await gus.page.getByText("You are a host now: you can run the meeting.").waitFor();
  const his = await openPanel(gus);
  await his.getByText("Meeting", { exact: true }).click();
  await openPerson(gus, "Ada");
  await accessible(gus, "the list of people of a host on a phone");
  await fits(gus);
  await shot(gus, "people-host-phone");
  await closePanel(gus);
  await give(tools, "Speaker");
  await gus.page.getByText("You can speak now.").waitFor();

  await panel.getByLabel("Speakers may share their screen").uncheck();
  await eventually(
    async () => !(await panel.getByLabel("Speakers may share their screen").isDisabled()),
    "the meeting is changed",
  );
  await button(ada, "Invite …").click();
  await ada.page.getByRole("dialog").getByText("Everybody with this link may join.").waitFor();
  await ada.page.keyboard.press("Escape");
  await sideOf(ada, "Participants").waitFor();
  await button(ada, "End for everybody").click();
  await ada.page.getByText("Everybody leaves at once.").waitFor();
  await accessible(ada, "the question before the end");
  await shot(ada, "people-end");
  await button(ada, "Cancel").click();
  await closePanel(ada);
}

async function records(ada) {
  await openPanel(ada);
  await button(ada, "Start recording").click();
  const dialog = ada.page.getByRole("dialog");
  await dialog.getByText("Everybody in it is told").waitFor();
  await dialog.getByLabel("Whoever speaks, large").check();
  await accessible(ada, "the question before a recording");
  await shot(ada, "record-start");
  await dialog.getByRole("button", { name: "Start recording" }).click();
  await button(ada, "Stop recording").waitFor({ timeout: 40_000 });
  await ada.page.getByText("Being recorded since").waitFor({ timeout: 40_000 });
  await dialog.waitFor({ state: "detached" });
  await shot(ada, "record-running");
  await button(ada, "Stop recording").click();
  await ada.page.getByText("What was recorded so far is kept.").waitFor();
  await accessible(ada, "the question before a recording is stopped");
  await shot(ada, "record-stop");
  await button(ada, "Stop it").click();
  await ada.page.getByText("Being recorded since").waitFor({ state: "detached", timeout: 40_000 });
  await eventually(() => button(ada, "Start recording").isEnabled(), "it can be recorded again");
  await closePanel(ada);
}
