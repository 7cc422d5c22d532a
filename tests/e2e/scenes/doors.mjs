// What it takes to come in: a passcode, an account, an invitation, or a meeting at all.
import assert from "node:assert/strict";
import {
  base,
  button,
  desktop,
  enter,
  fits,
  heading,
  host,
  isInside,
  knock,
  make,
  named,
  open,
  openPanel,
  phone,
  quiet,
  shot,
  signIn,
  tally,
} from "../stage.mjs";

export async function doors() {
  const ada = await open({ name: "ada", ...desktop });
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  await tally.check("a wrong passcode is told, and the right one lets in", () => passcode(ada));
  await tally.check("a meeting for accounts sends guests to sign in and back", () => accountsOnly(ada));
  await tally.check("an invitation lets in, in its role, and leaves the address bar", () => invitation(ada));
  await tally.check("a link without a meeting says so, and whoever is signed in starts it", () =>
    noMeeting(ada),
  );
  await ada.close();
}

async function passcode(ada) {
  const room = named("passcode-room");
  await make(ada, "/meetings", {
    room_name: room,
    access: "passcode",
    passcode: "open sesame",
    lobby: "off",
  });
  const guest = await open({ name: "gus", ...phone });
  await guest.page.goto(`${base}/m/${room}`);
  await knock(guest, "Gus");
  await guest.page.getByText("This meeting has a passcode.").waitFor();
  await guest.page.getByLabel("Passcode").fill("open barley");
  await button(guest, "Join meeting").click();
  await guest.page.getByText("That is not the passcode of this meeting.").waitFor();
  await fits(guest);
  await shot(guest, "passcode-wrong");
  await guest.page.getByLabel("Passcode").fill("open sesame");
  // A wrong one makes the next wait; the page does that by itself.
  await button(guest, "Join meeting").click();
  await isInside(guest);

  await guest.page.reload();
  await button(guest, "Join meeting").waitFor();
  assert.equal(await guest.page.getByLabel("Passcode").count(), 0, "whoever was let in is not asked again");
  quiet(guest, ["403", "/token"], ["429", "/token"]);
  await guest.close();

  await ada.page.goto(`${base}/m/${room}`);
  await button(ada, "Join meeting").waitFor();
  assert.equal(await ada.page.getByLabel("Passcode").count(), 0, "whose meeting it is is not asked");
}

async function accountsOnly(ada) {
  const room = named("accounts-room");
  await make(ada, "/meetings", { room_name: room, access: "accounts" });
  const window = await open({ name: "hal", ...phone });
  await window.page.goto(`${base}/m/${room}`);
  await knock(window, "Hal");
  await window.page.getByText("Only people with an account here may join this meeting.").waitFor();
  await shot(window, "account-needed");
  await window.page.getByRole("link", { name: "Sign in" }).click();
  await window.page.getByLabel("Email address").fill(host.email);
  await window.page.getByLabel("Password").fill(host.password);
  await button(window, "Sign in").click();
  await window.page.waitForURL(`${base}/m/${room}`);
  await button(window, "Join meeting").click();
  await isInside(window);
  quiet(window, ["403", "/token"]);
  await window.close();
}

async function invitation(ada) {
  const room = named("invited-room");
  const meeting = await make(ada, "/meetings", {
    room_name: room,
    access: "invited",
  });
  const { path } = await make(ada, `/meetings/${meeting.id}/invitations`, {
    role: "host",
    max_uses: 1,
  });

  const uninvited = await open({ name: "ian", ...phone });
  await uninvited.page.goto(`${base}/m/${room}`);
  await knock(uninvited, "Ian");
  await uninvited.page.getByText("Only invited people may join this meeting.").waitFor();
  quiet(uninvited, ["403", "/token"]);

  const invited = await open({ name: "ida", ...desktop });
  await invited.page.goto(`${base}${path}`);
  await button(invited, "Join meeting").waitFor();
  assert.equal(await invited.page.evaluate(() => window.location.hash), "", "the secret leaves the address");
  await invited.page.reload();
  await enter(invited, "Ida");
  await openPanel(invited);
  await button(invited, "Lock meeting").waitFor();
  await shot(invited, "call-invited-host");

  await uninvited.page.goto("about:blank");
  await uninvited.page.goto(`${base}${path}`);
  await knock(uninvited, "Ian");
  await uninvited.page.getByText("Your invitation is no longer valid").waitFor();
  quiet(invited);
  quiet(uninvited, ["403", "/token"]);
  await invited.close();
  await uninvited.close();
}

async function noMeeting(ada) {
  const room = named("room-of-requirement");
  const guest = await open({ name: "guest", ...phone });
  await guest.page.goto(`${base}/m/${room}`);
  await heading(guest, "There is no such meeting").waitFor();
  await guest.page.getByRole("link", { name: "Sign in to start it" }).waitFor();
  await fits(guest);
  await shot(guest, "no-meeting");
  quiet(guest, ["404", `/join-info/${room}`]);

  await ada.page.goto(`${base}/m/${room}`);
  await heading(ada, "There is no such meeting").waitFor();
  await button(ada, "Start meeting").click();
  await button(ada, "Join meeting").waitFor();
  await guest.page.reload();
  await button(guest, "Join meeting").waitFor();
  quiet(ada, ["404", `/join-info/${room}`]);
  await guest.close();
}
