// Somebody the door does not let in: why, and what they can do, each on a calm page.
"use client";

import { ArrivalHeading } from "@/components/heading";
import { Page } from "@/components/page";
import type { Failure } from "@/lib/api";
import { text, type MessageKey } from "@/lib/messages";
import { inWords } from "@/lib/problems";
import { signInFor } from "@/lib/return-to";

interface Words {
  heading: MessageKey;
  hint: MessageKey;
  /** What the button for another try says; none where another try would end the same. */
  again?: MessageKey;
  signIn?: true;
}

const refusals: Record<string, Words> = {
  "account-needed": { heading: "refused.account", hint: "refused.accountHint", signIn: true },
  "invitation-needed": { heading: "refused.invitation", hint: "refused.invitationHint", again: "door.again" },
  "invitation-invalid": { heading: "refused.spent", hint: "refused.spentHint", again: "refused.without" },
  "meeting-locked": { heading: "refused.locked", hint: "refused.lockedHint", again: "door.again" },
  "lobby-denied": { heading: "refused.denied", hint: "refused.deniedHint", again: "refused.askAgain" },
  "removed-from-meeting": { heading: "refused.removed", hint: "refused.removedHint", again: "door.again" },
};

/** Whether a failure has a page of its own; others are told in the form, where they can be mended. */
export const isAboutDoor = ({ code }: Failure): boolean =>
  code !== undefined && Object.hasOwn(refusals, code);

interface RefusedProps {
  failure: Failure;
  roomName: string;
  onAgain: () => void;
}

export function Refused({ failure, roomName, onAgain }: RefusedProps) {
  const words = refusals[failure.code ?? ""];
  if (!words) return null;
  return (
    <Page>
      <section className="card stack">
        <ArrivalHeading>{text(words.heading)}</ArrivalHeading>
        <p>{inWords(failure)}</p>
        <p className="small">{text(words.hint)}</p>
        <div className="row actions">
          {words.signIn && (
            <a className="button primary" href={signInFor(`/m/${roomName}`)}>
              {text("account.signIn")}
            </a>
          )}
          {words.again && (
            <button className="button" type="button" onClick={onAgain}>
              {text(words.again)}
            </button>
          )}
          <a className="button" href="/">
            {text("left.home")}
          </a>
        </div>
      </section>
    </Page>
  );
}
