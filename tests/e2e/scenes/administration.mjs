// Administrators look after accounts, read the audit log and see how the house is; the accounts they make have settings.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  desktop,
  fits,
  heading,
  host,
  named,
  open,
  phone,
  quiet,
  shot,
  signIn,
  tally,
} from "../stage.mjs";
import { eventually } from "../tally.mjs";

const hal = {
  name: "Hal",
  email: `${named("hal")}@example.org`,
  password: "a password for hal",
};

export async function administration() {
  const ada = await open({ name: "ada", ...desktop });
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  const made = await tally.check("an administrator makes an account, with its faults told", () => makes(ada));
  await tally.check("the last administrator stays one", () => staysAdmin(ada));
  await tally.check("the audit log says in sentences who did what", () => reads(ada));
  await tally.check("health shows each part and the recording slots", () => healthy(ada));
  await tally.check("administration fits a phone in the dark", onPhone);
  if (made) await settings();
  if (made)
    await tally.check("an account is given another password, switched off, and on", () => switches(ada));
  await tally.check("no error, no CSP violation, no foreign host (administration)", () =>
    quiet(ada, ["409", ""]),
  );
  await ada.close();
}

async function makes(ada) {
  await ada.page.goto(`${base}/app/admin`);
  await heading(ada, "Accounts").waitFor();
  await button(ada, "New account").click();
  const form = ada.page.getByRole("dialog", { name: "New account" });
  await form.getByRole("button", { name: "Make account" }).click();
  await form.getByText("Please type an email address.").waitFor();
  await accessible(ada, "the form for an account, with faults");
  await form.getByLabel("Email address").fill(host.email);
  await form.getByLabel("Name").fill(hal.name);
  await form.getByLabel("Password").fill(hal.password);
  await form.getByRole("button", { name: "Make account" }).click();
  await form.getByText("There is an account with that address already.").waitFor();
  await shot(ada, "admin-account-new");
  await form.getByLabel("Email address").fill(hal.email);
  await form.getByRole("button", { name: "Make account" }).click();
  await ada.page.getByText(hal.email).waitFor();
  await accessible(ada, "accounts");
  await shot(ada, "admin-accounts");
}

const rowOf = (window, words) => window.page.getByRole("listitem").filter({ hasText: words });

async function deed(window, words, name) {
  await rowOf(window, words).getByRole("button", { name: "More about" }).click();
  await window.page.getByRole("menuitem", { name, exact: true }).click();
}

async function staysAdmin(ada) {
  const admins = rowOf(ada, "Administrator");
  await admins.first().waitFor();
  if ((await admins.count()) > 1) return;
  await deed(ada, "Administrator", "Make host");
  await button(ada, "Make host").click();
  await ada.page.getByText("This is the last administrator.").waitFor();
  await accessible(ada, "a refused change of an account");
  await shot(ada, "admin-last");
  await ada.page.keyboard.press("Escape");
}

async function reads(ada) {
  await ada.page.getByRole("link", { name: "Audit log" }).click();
  await ada.page.getByText(`${host.name} made the account ${hal.email}`).waitFor();
  assert.ok(ada.page.url().endsWith("?tab=audit"), "the tab has an address of its own");
  await accessible(ada, "the audit log");
  await shot(ada, "admin-audit");
  await ada.page.getByLabel("What happened").selectOption("account.created");
  await eventually(
    async () => (await ada.page.getByText("signed in").filter({ visible: true }).count()) === 0,
    "only accounts that were made",
  );
  await ada.page.reload();
  await ada.page.getByText(`${host.name} made the account ${hal.email}`).waitFor();
  assert.equal(await ada.page.getByLabel("What happened").inputValue(), "account.created");
}

async function healthy(ada) {
  await ada.page.getByRole("link", { name: "Health" }).click();
  for (const part of ["Postgres", "Redis", "LiveKit"])
    await rowOf(ada, part).getByText("Works", { exact: true }).waitFor();
  await rowOf(ada, "Storage")
    .getByText(/^(Works|Not set up)$/)
    .waitFor();
  await ada.page.getByText(/\d+ of \d+ possible recordings? going on/).waitFor();
  await accessible(ada, "health");
  await shot(ada, "admin-health");
  const report = (status, services, more) => ({ status, services, ...more });
  const well = { status: "healthy", latency_ms: 2 };
  const away = {
    status: "unhealthy",
    latency_ms: 1000,
    reason: "no answer within 1s",
  };
  await ada.page.route("**/health", (route) =>
    route.fulfill({
      status: 503,
      json: report("unhealthy", {
        database: well,
        redis: well,
        livekit: away,
        storage: { status: "not_configured" },
      }),
    }),
  );
  await ada.page.getByText("Meetings do not work.").waitFor({ timeout: 15_000 });
  await ada.page.getByText("no answer within 1s").waitFor();
  await accessible(ada, "health, with a part away");
  await shot(ada, "admin-health-broken");
  await ada.page.unroute("**/health");
  ada.faults.splice(0, ada.faults.length, ...ada.faults.filter((fault) => !fault.endsWith("/health")));
}

async function onPhone() {
  const window = await open({ name: "ada on a phone", ...phone });
  await signIn(window, "/app/sign-in?return_to=/app/admin");
  await heading(window, "Accounts").waitFor();
  await window.page.getByText(hal.email).first().waitFor();
  for (const [tab, shown] of [
    ["Accounts", hal.email],
    ["Audit log", "signed in"],
    ["Health", "Carries sound and pictures."],
  ]) {
    await window.page.getByRole("link", { name: tab }).click();
    await window.page.getByText(shown).filter({ visible: true }).first().waitFor();
    await fits(window);
    await accessible(window, `${tab} on a phone`);
    await shot(window, `admin-${tab.split(" ")[0].toLowerCase()}-phone`);
  }
  quiet(window);
  await window.close();
}

async function settings() {
  const window = await open({ name: "hal", ...desktop });
  const other = await open({ name: "hal elsewhere", ...phone });
  await signIn(window, "/app/sign-in?return_to=/app/settings", hal);
  await signIn(other, "/app/sign-in?return_to=/app/settings", hal);
  await tally.check("settings show one's own account, and save another name", () => renames(window));
  await tally.check("administration says that it is for administrators", () => notForHosts(other));
  await tally.check("this session is marked, and all others are signed out", () =>
    signsOutElsewhere(window, other),
  );
  await tally.check("a key is made, shown once, and taken back", () => keys(window));
  await tally.check("a wrong password is told, and another one signs out everywhere else", () =>
    passwords(window),
  );
  await tally.check("settings fit a phone in the dark", () => settingsOnPhone(other));
  await tally.check("no error, no CSP violation, no foreign host (settings)", () =>
    quiet(window, ["403", "/account/password"], ["429", "/account/password"]),
  );
  await window.close();
  await other.close();
}

async function renames(window) {
  await heading(window, "Settings").waitFor();
  await accessible(window, "settings");
  await shot(window, "settings");
  await window.page.getByLabel("Your name").fill(" ");
  await button(window, "Save").click();
  await window.page.getByText("Please enter your name.").waitFor();
  await window.page.getByLabel("Your name").fill("Hal Nine");
  await button(window, "Save").click();
  await window.page.getByText("Your name is saved.").waitFor();
  await window.page.reload();
  await window.page.getByRole("group", { name: "Your account" }).getByText("Hal Nine").waitFor();
}

async function notForHosts(window) {
  await heading(window, "Settings").waitFor();
  assert.equal(await window.page.getByRole("link", { name: "Administration" }).count(), 0);
  await window.page.goto(`${base}/app/admin`);
  await window.page.getByText("This page is for administrators.").waitFor();
  await accessible(window, "administration for a host");
  await shot(window, "admin-refused");
}

async function signsOutElsewhere(window, other) {
  await window.page.reload();
  await window.page.getByText("This browser").waitFor();
  assert.ok((await button(window, "Sign out: Chrome, Linux").count()) >= 1, "the other one is listed");
  await button(window, "Sign out everywhere else").click();
  await window.page.getByText("Signed out there.").waitFor();
  await eventually(
    async () => (await button(window, "Sign out: Chrome, Linux").count()) === 0,
    "only this is left",
  );
  await other.page.goto(`${base}/app/settings`);
  await other.page.waitForURL(/\/app\/sign-in\?return_to=%2Fapp%2Fsettings$/);
}

async function keys(window) {
  await button(window, "New key").click();
  const form = window.page.getByRole("dialog", { name: "New key" });
  assert.equal(await form.getByLabel("Everything else that administrators may do").count(), 0);
  await form.getByRole("button", { name: "Make key" }).click();
  await form.getByText("Please choose at least one.").waitFor();
  await form.getByLabel("Name").fill("calendar");
  await form.getByLabel("See meetings").check();
  await accessible(window, "the form for a key");
  await shot(window, "settings-key-new");
  await form.getByRole("button", { name: "Make key" }).click();
  const secret = await window.page.getByLabel("The key “calendar”", { exact: true }).inputValue();
  const answer = await fetch(`${base}/meetings`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  assert.equal(answer.status, 200, "the key opens what it may");
  await accessible(window, "a key that was just made");
  await shot(window, "settings-key");
  await button(window, "Take back the key calendar").click();
  await window.page.getByText("Programs that use it stop working at once.").waitFor();
  await button(window, "Take back").click();
  await window.page.getByText("The key is taken back.").waitFor();
  const refused = await fetch(`${base}/meetings`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  assert.equal(refused.status, 401);
}

async function passwords(window) {
  await window.page.getByLabel("Current password").fill("not the password");
  await window.page.getByLabel("New password").fill("short");
  await button(window, "Change password").click();
  await window.page.getByText("Please use at least 10 characters.").waitFor();
  await window.page.getByLabel("New password").fill("another password");
  await button(window, "Change password").click();
  await window.page.getByText("That is not your current password.").waitFor();
  await accessible(window, "a refused password");
  await shot(window, "settings-password-wrong");
  await window.page.getByLabel("Current password").fill(hal.password);
  await button(window, "Change password").click();
  await window.page.getByText("Your password is changed.").waitFor();
  hal.password = "another password";
}

async function settingsOnPhone(other) {
  await signIn(other, "/app/sign-in?return_to=/app/settings", hal);
  await other.page.getByText("This browser").waitFor();
  await fits(other);
  await accessible(other, "settings on a phone");
  await shot(other, "settings-phone");
}

async function switches(ada) {
  await ada.page.goto(`${base}/app/admin`);
  await rowOf(ada, hal.email).waitFor();
  await deed(ada, hal.email, "Set another password");
  const form = ada.page.getByRole("dialog", {
    name: "Another password for Hal Nine",
  });
  await form.getByLabel("New password").fill("a third password");
  await accessible(ada, "a new password for somebody else");
  await form.getByRole("button", { name: "Set another password" }).click();
  await ada.page.getByText("The password is set.").waitFor();

  await deed(ada, hal.email, "Switch off");
  await ada.page.getByText("They are signed out everywhere and cannot sign in.").waitFor();
  await shot(ada, "admin-switch-off");
  await button(ada, "Switch off").click();
  await rowOf(ada, hal.email).getByText("Switched off").waitFor();
  await accessible(ada, "accounts, one switched off");
  const out = await open({ name: "hal", ...phone });
  await signIn(out, "/app/sign-in", { ...hal, password: "a third password" });
  await out.page.getByText("The email address or the password is wrong.").waitFor();
  await out.close();
  await deed(ada, hal.email, "Switch on");
  await button(ada, "Switch on").click();
  await rowOf(ada, hal.email).getByText("Switched off").waitFor({ state: "hidden" });
}
