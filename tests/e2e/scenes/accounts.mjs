// The first account is made, and somebody signs in and out.
import assert from "node:assert/strict";
import {
  base,
  button,
  desktop,
  fits,
  heading,
  host,
  open,
  otherFaults,
  phone,
  quiet,
  shot,
  signIn,
  signOut,
  tally,
} from "../stage.mjs";

const link = process.env.SETUP_LINK;
const provider = process.env.OIDC_NAME;

export async function accounts() {
  if (link) await tally.check("the one-time link makes the first account, and opens once", setsUp);
  await tally.check("a setup link without its secret says so", async () => {
    const window = await open({ name: "setup", ...phone });
    await window.page.goto(`${base}/app/setup`);
    await window.page.getByText("This is not a complete setup link").waitFor();
    await fits(window);
    quiet(window);
    await window.close();
  });
  await tally.check("a wrong password is told in words, and the right one after it signs in", refusesSignIn);
  await tally.check("somebody signs in, sees who they are, and signs out", signsInAndOut);
  if (provider)
    await tally.check("the provider's button signs in, and leads back to the page", signsInElsewhere);
}

async function setsUp() {
  const { hash } = new URL(link);
  const window = await open({ name: "setup", ...desktop });
  await window.page.goto(`${base}/app/sign-in`);
  await window.page.getByText("meetbox account setup-link").waitFor();
  await shot(window, "sign-in-setup-needed");

  await window.page.goto(`${base}/app/setup${hash}`);
  await heading(window, "Set up Meetbox").waitFor();
  await window.page.getByLabel("Email address").fill(host.email);
  await window.page.getByLabel("Your name").fill(host.name);
  await window.page.getByLabel("Password").fill("short");
  assert.equal(await window.page.evaluate(() => window.location.hash), "", "the secret leaves the address");
  await button(window, "Make account").click();
  await window.page.getByText("Please use at least 10 characters.").waitFor();
  await shot(window, "setup");
  await window.page.getByLabel("Password").fill(host.password);
  await button(window, "Make account").click();
  await window.page.getByRole("group", { name: "Your account" }).getByText(host.name).waitFor();
  quiet(window);
  await window.close();

  const second = await open({ name: "setup", ...desktop });
  await second.page.goto(`${base}/app/setup${hash}`);
  await second.page.getByLabel("Email address").fill("eve@example.org");
  await second.page.getByLabel("Your name").fill("Eve");
  await second.page.getByLabel("Password").fill("a long password too");
  await button(second, "Make account").click();
  await second.page.getByText(/This server is set up already|This link was used already/).waitFor();
  quiet(second, ["403", "/setup"], ["409", "/setup"]);
  await second.close();
}

async function refusesSignIn() {
  const window = await open({ name: "sign-in", ...phone });
  await window.page.goto(`${base}/app/sign-in?problem=oidc-denied`);
  await window.page.getByText("The sign-in was cancelled, or was not allowed.").waitFor();
  await window.page.getByLabel("Email address").fill(host.email);
  await window.page.getByLabel("Password").fill("not the password");
  await button(window, "Sign in").click();
  await window.page.getByText("The email address or the password is wrong.").waitFor();
  await fits(window);
  await shot(window, "sign-in-wrong");
  assert.ok(!window.page.url().includes("password"), "nothing typed stands in the address");

  // The next has to wait for a second; the page does that by itself.
  await window.page.getByLabel("Password").fill(host.password);
  await button(window, "Sign in").click();
  await window.page.getByRole("group", { name: "Your account" }).getByText(host.name).waitFor();
  quiet(window, ["401", "/sessions"], ["429", "/sessions"]);
  await window.close();
}

async function signsInAndOut() {
  const window = await open({ name: "sign-in", ...phone });
  await signIn(window, `/app/sign-in?return_to=${encodeURIComponent("//evil.example/")}`);
  const account = window.page.getByRole("group", { name: "Your account" });
  await account.getByText(host.name).waitFor();
  assert.equal(window.page.url(), `${base}/`, "nobody is led away");
  await fits(window);
  await shot(window, "home-signed-in-phone");
  await signOut(window);
  assert.equal(await button(window, "Start meeting").count(), 0, "only accounts start meetings");
  await shot(window, "home-signed-out");
  quiet(window);

  await signIn(window, `/app/sign-in?return_to=${encodeURIComponent("/m/quiet-heron")}`);
  await window.page.waitForURL(`${base}/m/quiet-heron`);
  await window.close();
}

async function signsInElsewhere() {
  const window = await open({ name: "olga", ...phone });
  const path = `/app/sign-in?return_to=${encodeURIComponent("/m/no-such-place")}`;
  await window.page.goto(`${base}${path}`);
  const way = window.page.getByRole("link", {
    name: `Sign in with ${provider}`,
  });
  await way.waitFor();
  await fits(window);
  await shot(window, "sign-in-provider");
  const elsewhere = window.page.waitForRequest((request) => !request.url().startsWith(base));
  await way.click();
  const { host: providers } = new URL((await elsewhere).url());
  await window.page.waitForURL(`${base}/m/no-such-place`);
  await heading(window, "There is no such meeting").waitFor();
  await window.page.goto(base);
  await window.page.getByRole("group", { name: "Your account" }).getByText("Olga").waitFor();
  await shot(window, "home-signed-in-elsewhere");
  assert.deepEqual(otherFaults(window, ["404", "/join-info/no-such-place"]), []);
  assert.deepEqual(window.strangers(), [providers], "nobody else is asked");
  await signOut(window);
  await window.close();
}
