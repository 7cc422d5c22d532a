// People meet through the pages of a running Meetbox, and see and hear each other.
//
//   BASE_URL=http://127.0.0.1:3001 HOST_EMAIL=ada@example.org HOST_PASSWORD='a long password' \
//       node call.mjs [folder for screenshots]
//
// The account must be there and an administrator's, unless SETUP_LINK holds a link of `meetbox account setup-link`: then
// it is made. OIDC_NAME is what the provider is called on the sign-in page, where there is one that lets in whoever comes, as
// somebody called Olga. RECORDER=yes says that something records, such as the stand-in of `meetbox dev --fake-egress`.
// SCENES=crowd,outages plays only those. CHROMIUM names the browser when it is not /usr/bin/chromium. The last line is
// `N passed, N failed`.
import { canSuffer } from "./house.mjs";
import { aCall } from "./scenes/a-call.mjs";
import { accounts } from "./scenes/accounts.mjs";
import { administration } from "./scenes/administration.mjs";
import { callViews } from "./scenes/call-views.mjs";
import { crowd } from "./scenes/crowd.mjs";
import { diagnostics } from "./scenes/diagnostics.mjs";
import { door } from "./scenes/door.mjs";
import { doors } from "./scenes/doors.mjs";
import { home } from "./scenes/home.mjs";
import { hosting } from "./scenes/hosting.mjs";
import { keyboard } from "./scenes/keyboard.mjs";
import { languages } from "./scenes/languages.mjs";
import { lobby } from "./scenes/lobby.mjs";
import { otherPages } from "./scenes/other-pages.mjs";
import { outages } from "./scenes/outages.mjs";
import { recordings } from "./scenes/recordings.mjs";
import { side } from "./scenes/side.mjs";
import { sizes } from "./scenes/sizes.mjs";
import { waysOut } from "./scenes/ways-out.mjs";
import { weights } from "./scenes/weights.mjs";
import { browser, tally } from "./stage.mjs";

/** In this order: the first makes the account that the others sign in with. */
const SCENES = {
  accounts,
  "a-call": aCall,
  "call-views": callViews,
  crowd,
  keyboard,
  "ways-out": waysOut,
  hosting,
  lobby,
  side,
  doors,
  door,
  home,
  ...(process.env.RECORDER && { recordings }),
  administration,
  "other-pages": otherPages,
  languages,
  sizes,
  diagnostics,
  weights,
  ...(canSuffer && { outages }),
};

const wanted = process.env.SCENES?.split(",");
try {
  for (const [name, play] of Object.entries(SCENES))
    if (!wanted || name === "accounts" || wanted.includes(name)) await play();
} finally {
  await browser.close();
}
process.exit(tally.end());
