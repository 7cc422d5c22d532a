// A recording, from its start to playing it, passing it on, keeping it and deleting it.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  desktop,
  enter,
  fits,
  heading,
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

const ROOM = named("recorded-room");

export async function recordings() {
  const ada = await open({ name: "ada", ...desktop });
  await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  await tally.check("a list without what was looked for says so, and leads back to all", () => nothing(ada));
  const made = await tally.check("a recording shows while it goes on, and is stopped from the list", () =>
    records(ada),
  );
  if (!made) return ada.close();
  await tally.check("it plays, and seeking moves it", () => plays(ada));
  await tally.check("it is downloaded, and its link says until when it works", () => passesOn(ada));
  await tally.check("while it is kept it cannot be deleted", () => keeps(ada));
  await tally.check("filters stand in the address and survive a reload", () => filters(ada));
  await tally.check("sound alone plays, and segments play or say how to have them", () => otherKinds(ada));
  await tally.check("one that had nothing to record says so", () => aborted(ada));
  await tally.check("the list and a recording fit a phone in the dark", onPhone);
  await tally.check("deleting it can be taken back, and does not happen when the page is left", () =>
    takesBack(ada),
  );
  await tally.check("it is deleted in the end; its meeting is not as long as it has recordings", () => deletes(ada));
  await tally.check("no error, no CSP violation, no foreign host (recordings)", () =>
    quiet(ada, ["404", ""], ["409", ""]),
  );
  await ada.close();
}

async function nothing(ada) {
  await ada.page.goto(`${base}/app/recordings?meeting=${named("nobody-there")}`);
  await ada.page.getByText("No recordings match.").waitFor();
  await accessible(ada, "recordings, none of that kind");
  await shot(ada, "recordings-none");
  await button(ada, "Show all").click();
  await eventually(() => ada.page.url() === `${base}/app/recordings`, "all are shown");
}

const cardOf = (window, status) =>
  window.page.getByRole("listitem").filter({ hasText: ROOM }).filter({ hasText: status });

/** Has a meeting with somebody in it recorded; `during` happens meanwhile. Answers the recording's id. */
async function record(ada, wish, during) {
  const guest = await open({ name: "gus", ...phone });
  await guest.page.goto(`${base}/m/${ROOM}`);
  await enter(guest, "Gus");
  const { id } = await make(ada, "/recordings/start", {
    room_name: ROOM,
    ...wish,
  });
  await stands(ada, id, "active");
  await during(id);
  await guest.close();
  return id;
}

const stands = (ada, id, status) =>
  eventually(
    async () => {
      const answer = await ada.page.request.get(`${base}/recordings/${id}`);
      return (await answer.json()).status === status;
    },
    `the recording is ${status}`,
    60,
  );

const stopByApi = (ada, id) =>
  ada.page.request.post(`${base}/recordings/stop`, {
    data: { recording_id: id },
    headers: { origin: base },
  });

async function records(ada) {
  await make(ada, "/meetings", {
    room_name: ROOM,
    access: "public",
    lobby: "off",
  });
  await ada.page.goto(`${base}/app/recordings`);
  const id = await record(ada, {}, async () => {
    await cardOf(ada, "Recording").waitFor({ timeout: 40_000 });
    await ada.page.getByText("1 of").waitFor({ timeout: 20_000 });
    const length = () =>
      cardOf(ada, "Recording")
        .getByText(/^\d+:\d\d$/)
        .textContent();
    const before = await length();
    await eventually(async () => (await length()) !== before, "its length grows");
    await accessible(ada, "recordings, one going on");
    await shot(ada, "recordings-live");
    await button(ada, `Stop recording ${ROOM}`).click();
    await ada.page.getByText("The recording stops.").waitFor();
  });
  await stands(ada, id, "complete");
  await cardOf(ada, "Ready").waitFor({ timeout: 20_000 });
  await accessible(ada, "recordings");
  await shot(ada, "recordings");
}

async function openIt(ada) {
  await ada.page.goto(`${base}/app/recordings?meeting=${ROOM}&status=complete&order=oldest`);
  await ada.page
    .getByRole("link", { name: `Recording of ${ROOM}` })
    .first()
    .click();
  await heading(ada, ROOM).waitFor();
  await eventually(() => ada.page.url().includes("id="), "it has an address of its own");
}

async function plays(ada) {
  await openIt(ada);
  const player = ada.page.getByLabel(`Recording of ${ROOM}`);
  await seeks(player, "video");
  await accessible(ada, "a recording");
  await shot(ada, "recording");
  await ada.page.goBack();
  await ada.page
    .getByRole("link", { name: `Recording of ${ROOM}` })
    .first()
    .waitFor();
  assert.ok(ada.page.url().includes("status=complete"), "the way back leads to the same list");
  await ada.page.goForward();
  await heading(ada, ROOM).waitFor();
}

async function seeks(player, kind) {
  await eventually(
    () => player.evaluate((it) => it.readyState >= 1 && it.duration > 1),
    `the ${kind} is known`,
  );
  const at = await player.evaluate(async (it) => {
    it.muted = true;
    it.currentTime = it.duration / 2;
    await new Promise((done) => it.addEventListener("seeked", done, { once: true }));
    await it.play();
    return it.currentTime;
  });
  assert.ok(at > 0.5, `it stands at ${at}`);
  await eventually(
    () => player.evaluate((it, at) => it.currentTime > at || it.ended, at),
    "it plays on from there",
  );
  await player.evaluate((it) => it.pause());
}

async function passesOn(ada) {
  const download = ada.page.waitForEvent("download");
  await button(ada, "Download").click();
  const file = await download;
  assert.ok(file.suggestedFilename().endsWith(".mp4"), file.suggestedFilename());
  await button(ada, "Copy link").click();
  await ada.page.getByText(/The link is copied\. It works until .*\d/).waitFor();
  const link = await ada.page.evaluate(() => navigator.clipboard.readText());
  const stranger = await open({ name: "stranger", ...desktop });
  const answer = await stranger.page.request.get(link);
  assert.equal(answer.status(), 200, "whoever has it has the file");
  await stranger.close();
  await accessible(ada, "a recording, with its link");
  await shot(ada, "recording-link");
}

async function keeps(ada) {
  await button(ada, "Keep").click();
  await ada.page.getByText("The recording is kept.").waitFor();
  await eventually(() => button(ada, "Delete …").isDisabled(), "it cannot be deleted");
  await accessible(ada, "a recording that is kept");
  await shot(ada, "recording-kept");
  await button(ada, "No longer keep").click();
  await eventually(() => button(ada, "Delete …").isEnabled(), "it can be deleted");
}

async function filters(ada) {
  await ada.page.goto(`${base}/app/recordings`);
  await ada.page.getByLabel("Status").selectOption("failed");
  await eventually(() => ada.page.url().includes("status=failed"), "the address says so");
  await ada.page.getByLabel("Status").selectOption("complete");
  await ada.page.getByLabel("Meeting").fill(ROOM);
  await ada.page.keyboard.press("Enter");
  await ada.page.getByLabel("Order").selectOption("oldest");
  await cardOf(ada, "Ready").waitFor();
  await ada.page.reload();
  await cardOf(ada, "Ready").waitFor();
  assert.equal(await ada.page.getByLabel("Meeting").inputValue(), ROOM);
  assert.equal(await ada.page.getByLabel("Status").inputValue(), "complete");
  assert.equal(await ada.page.getByLabel("Order").inputValue(), "oldest");
  await ada.page.getByLabel("To", { exact: true }).fill("2020-01-01");
  await ada.page.getByText("No recordings match.").waitFor();
}

async function otherKinds(ada) {
  const wait = () => new Promise((done) => setTimeout(done, 6_000));
  const sound = await record(ada, { format: "ogg" }, async (id) => {
    await wait();
    await stopByApi(ada, id);
  });
  await stands(ada, sound, "complete");
  await ada.page.goto(`${base}/app/recordings?id=${sound}`);
  await seeks(ada.page.locator("audio"), "sound");
  await shot(ada, "recording-sound");

  const segments = await record(ada, { format: "hls" }, async (id) => {
    await wait();
    await stopByApi(ada, id);
  });
  await stands(ada, segments, "complete");
  await ada.page.goto(`${base}/app/recordings?id=${segments}`);
  await button(ada, "Download archive").waitFor();
  const here = ada.page.getByText("This browser does not play recordings in segments.");
  const video = ada.page.locator("video");
  await eventually(
    async () =>
      (await here.isVisible()) || (await video.evaluate((it) => it.readyState >= 1).catch(() => false)),
    "it plays, or says that it does not",
  );
  await accessible(ada, "a recording in segments");
  await shot(ada, "recording-segments");
}

async function aborted(ada) {
  const room = named("empty-room");
  await make(ada, "/meetings", {
    room_name: room,
    access: "public",
    lobby: "off",
  });
  const guest = await open({ name: "gus", ...phone });
  await guest.page.goto(`${base}/m/${room}`);
  await enter(guest, "Gus");
  const { id } = await make(ada, "/recordings/start", { room_name: room });
  await stopByApi(ada, id);
  await guest.close();
  await stands(ada, id, "aborted");
  await ada.page.goto(`${base}/app/recordings?id=${id}`);
  await ada.page.getByText("It was stopped before there was anything to record.").waitFor();
  assert.equal(await button(ada, "Download").count(), 0);
  await accessible(ada, "a recording of nothing");
  await shot(ada, "recording-aborted");
}

async function onPhone() {
  const window = await open({ name: "ada on a phone", ...phone });
  await signIn(window, "/app/sign-in?return_to=/app/recordings");
  await cardOf(window, "Ready").first().waitFor();
  await accessible(window, "recordings on a phone");
  await fits(window);
  await shot(window, "recordings-phone");
  await cardOf(window, "Ready").getByRole("link").first().click();
  await heading(window, ROOM).waitFor();
  await fits(window);
  await accessible(window, "a recording on a phone");
  await shot(window, "recording-phone");
  quiet(window);
  await window.close();
}

async function askToDelete(ada) {
  await button(ada, "Delete …").click();
  const dialog = ada.page.getByRole("dialog", {
    name: "Delete this recording?",
  });
  await dialog.getByText("Its file goes, for good").waitFor();
  await dialog.getByText(ROOM).waitFor();
  await dialog.getByText(/\d+ kB/).waitFor();
  return dialog;
}

async function takesBack(ada) {
  await openIt(ada);
  const { searchParams } = new URL(ada.page.url());
  const path = `${base}/recordings/${searchParams.get("id")}`;
  const dialog = await askToDelete(ada);
  await accessible(ada, "the question before a recording is deleted");
  await shot(ada, "recording-delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await ada.page.getByText("If you leave this page before, nothing is deleted.").waitFor();
  await accessible(ada, "a recording that is being deleted");
  await shot(ada, "recording-deleting");
  await button(ada, "Undo").click();
  await button(ada, "Download").waitFor();

  const again = await askToDelete(ada);
  await again.getByRole("button", { name: "Delete" }).click();
  await button(ada, "Undo").waitFor();
  await ada.page.goto(base);
  await new Promise((done) => setTimeout(done, 9_000));
  assert.equal((await ada.page.request.get(path)).status(), 200, "nothing was deleted");
}

async function deletes(ada) {
  await button(ada, `More about ${ROOM}`).click();
  await ada.page.getByRole("menuitem", { name: "Delete" }).click();
  await button(ada, "Delete meeting").click();
  await ada.page.getByText("It has recordings, and they would be lost with it.").waitFor();
  await shot(ada, "meeting-delete-refused");

  await openIt(ada);
  const id = new URL(ada.page.url()).searchParams.get("id");
  const dialog = await askToDelete(ada);
  await dialog.getByRole("button", { name: "Delete" }).click();
  await ada.page.getByText("The recording is deleted.").waitFor({ timeout: 20_000 });
  assert.equal((await ada.page.request.get(`${base}/recordings/${id}`)).status(), 404);
  assert.ok(!ada.page.url().includes("id="), "the list is shown");
  await ada.page.goto(`${base}/app/recordings?id=${id}`);
  await ada.page.getByText("There is no such recording.").waitFor();
  await accessible(ada, "a recording that is gone");
  await shot(ada, "recording-gone");
}
