// Between a phone and a desktop, and beyond: a tablet held upright, and a screen on a wall. A host walks through all of it.
import { accessible } from "../axe.mjs";
import {
  base,
  button,
  closePanel,
  enter,
  fits,
  heading,
  isInside,
  knock,
  leave,
  make,
  named,
  open,
  openPanel,
  phone,
  quiet,
  shot,
  signIn,
  tally,
  tileOf,
} from "../stage.mjs";

const SIZES = {
  tablet: { viewport: { width: 820, height: 1180 }, colorScheme: "dark", hasTouch: true },
  wall: { viewport: { width: 2560, height: 1440 }, colorScheme: "light" },
};

export async function sizes() {
  for (const [name, size] of Object.entries(SIZES)) {
    const ada = await open({ name, ...size });
    await tally.check(`the pages are at home on a ${name}`, () => pages(ada));
    await tally.check(`a call is at home on a ${name}`, () => call(ada));
    await tally.check(`no error, no CSP violation, no foreign host (${name})`, () => quiet(ada));
    await ada.close();
  }
}

async function looksWell(window, state) {
  await fits(window);
  await accessible(window, state);
  await shot(window, `${window.name}-${state}`);
}

async function pages(ada) {
  await signIn(ada);
  await button(ada, "Start meeting").waitFor();
  await button(ada, "Plan a meeting").waitFor();
  await looksWell(ada, "home");
  await button(ada, "Plan a meeting").click();
  await heading(ada, "Plan a meeting").waitFor();
  await looksWell(ada, "plan");
  for (const [path, title, state] of [
    ["/app/recordings", "Recordings", "recordings"],
    ["/app/settings", "Settings", "settings"],
    ["/app/admin", "Administration", "administration"],
    ["/app/diagnostics", "Test your connection", "diagnostics"],
  ]) {
    await ada.page.goto(`${base}${path}`);
    await heading(ada, title).waitFor();
    await looksWell(ada, state);
  }
}

async function call(ada) {
  const room = named(`on-a-${ada.name}`);
  await make(ada, "/meetings", { room_name: room, access: "public", lobby: "off" });
  await ada.page.goto(`${base}/m/${room}`);
  await button(ada, "Join meeting").waitFor();
  await looksWell(ada, "door");
  await enter(ada, "Ada");
  const gus = await open({ name: "gus", ...phone });
  await gus.page.goto(`${base}/m/${room}`);
  await knock(gus, "Gus");
  await isInside(gus);
  await tileOf(ada, "Gus").waitFor();
  await looksWell(ada, "call");
  await openPanel(ada);
  await looksWell(ada, "call-people");
  await closePanel(ada);
  await leave(ada);
  await heading(ada, "You have left the meeting").waitFor();
  await looksWell(ada, "left");
  quiet(gus);
  await gus.close();
}
