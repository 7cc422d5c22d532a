// Cameras and microphones that do not start: each reason is told, with what to do about it in the browser in use.
import assert from "node:assert/strict";
import { accessible } from "../axe.mjs";
import { button, desktop, fits, isInside, knock, open, phone, quiet, seesOneself, shot, tally } from "../stage.mjs";

/** At the door behind `link`. */
export async function deviceTroubles(link) {
  for (const trouble of troubles)
    await tally.check(`a device that ${trouble.does} is told, and what to do about it`, () =>
      tellsTrouble(link, trouble),
    );
  await tally.check("whoever has neither camera nor microphone comes in all the same", () => comesInWithout(link));
  await tally.check("a device that was refused starts as soon as it is allowed", () => startsOnceAllowed(link));
}

/** Runs in the page: every device answers with this error, and the browser remembers this permission. */
function refuse({ name, message = "", permission = "granted" }) {
  const refusal = () => Promise.reject(new DOMException(message, name));
  navigator.mediaDevices.getUserMedia = refusal;
  navigator.permissions.query = () => Promise.resolve(Object.assign(new EventTarget(), { state: permission }));
}

/** Runs in the page: what browsers do on plain http from another computer. */
function insecure() {
  Object.defineProperty(window, "isSecureContext", { value: false });
  Object.defineProperty(Navigator.prototype, "mediaDevices", { value: undefined });
}

const agents = {
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  safariIos:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
  android:
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
  windows:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
};

const denied = { name: "NotAllowedError", permission: "denied" };
const troubles = [
  {
    does: "is refused",
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "Press the sign at the left end of the address bar",
  },
  {
    does: "is refused in Firefox",
    agent: agents.firefox,
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "take the block away with its ×",
  },
  {
    does: "is refused on an iPhone",
    agent: agents.safariIos,
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "open “Website Settings”",
    again: true,
  },
  {
    does: "is refused on an Android phone",
    agent: agents.android,
    error: denied,
    says: "The browser may not use the microphone and camera.",
    fix: "open “Permissions”",
  },
  {
    does: "is asked for without an answer",
    error: { name: "NotAllowedError", permission: "prompt" },
    says: "The browser asked whether it may use the microphone and camera, and got no answer.",
    fix: "When it asks again, choose “Allow”.",
    again: true,
  },
  {
    does: "the computer holds back",
    agent: agents.windows,
    error: { name: "NotAllowedError", message: "Permission denied by system", permission: "granted" },
    says: "This device does not let the browser use the microphone and camera.",
    fix: "Open Settings › Privacy & security",
  },
  {
    does: "is not there",
    error: { name: "NotFoundError" },
    says: "The browser cannot find the microphone and camera.",
    fix: "Plug one in or switch it on",
  },
  {
    does: "another program uses",
    error: { name: "NotReadableError" },
    says: "Another program is using the microphone and camera.",
    fix: "Close",
    again: true,
  },
  {
    does: "fails for another reason",
    error: { name: "UnknownError" },
    says: "Could not start the microphone and camera.",
    fix: "start the browser again",
    again: true,
  },
  {
    does: "is asked for on an insecure page",
    script: insecure,
    says: "Browsers allow the microphone and camera only on https and on this computer itself.",
    fix: "an address that begins with https",
  },
];

const note = (window) => window.page.locator(".note.trouble");

async function tellsTrouble(link, { does, agent, error, script = refuse, says, fix, again = false }) {
  // What is drawn is the same for all of them; the narrow window is the hard one.
  for (const size of error === denied && !agent ? [phone, desktop] : [phone]) {
    const window = await open({ name: does, ...size, ...(agent && { userAgent: agent }) });
    await window.page.addInitScript(script, error);
    await window.page.goto(link);
    await note(window).getByText(says).waitFor();
    await note(window).getByText(fix).waitFor();
    assert.equal(await note(window).count(), 1, "two devices with one trouble are one sentence");
    assert.equal(await button(window, "Ask again").count(), again ? 1 : 0, "asking again");
    await note(window).getByRole("link", { name: "Test your connection" }).waitFor();
    await button(window, "Join meeting").waitFor();
    await accessible(window, does);
    await fits(window);
    await shot(window, `trouble-${does.replaceAll(" ", "-")}-${size.colorScheme}`);
    quiet(window);
    await window.close();
  }
}

async function comesInWithout(link) {
  const window = await open({ name: "bare", ...phone });
  await window.page.addInitScript(refuse, { name: "NotFoundError" });
  await window.page.goto(link);
  await note(window).waitFor();
  await knock(window, "Bea");
  await isInside(window);
  quiet(window);
  await window.close();
}

/** Runs in the page: refuses until the test says otherwise, and tells of it as browsers do. */
function refuseUntilAllowed() {
  const status = Object.assign(new EventTarget(), { state: "denied" });
  const { mediaDevices } = navigator;
  const real = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = (wish) =>
    status.state === "granted" ? real(wish) : Promise.reject(new DOMException("", "NotAllowedError"));
  navigator.permissions.query = () => Promise.resolve(status);
  window.allow = () => {
    status.state = "granted";
    status.dispatchEvent(new Event("change"));
  };
}

async function startsOnceAllowed(link) {
  const window = await open({ name: "second-thought", ...phone });
  await window.page.addInitScript(refuseUntilAllowed);
  await window.page.goto(link);
  await note(window).waitFor();
  await window.page.evaluate(() => window.allow());
  await seesOneself(window);
  assert.equal(await note(window).count(), 0);
  quiet(window);
  await window.close();
}
