// Asking to come in: a name, a passcode where one is asked for, and what the door answers.
"use client";

import { useState, type FormEvent } from "react";
import { ConsentNote } from "@/components/consent";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import type { AtDoor, PreJoinProps } from "@/components/pre-join";
import { isAboutDoor } from "@/components/refused";
import type { Failure } from "@/lib/api";
import type { Choices } from "@/lib/choices";
import { knock, recordedIn } from "@/lib/door";
import { doorstep, keepDoorstep } from "@/lib/doorstep";
import { fetchCallAhead } from "@/lib/fetch-call";
import { text, type MessageKey } from "@/lib/messages";
import { inWords } from "@/lib/problems";

const LONGEST_NAME = 80;
const LONGEST_PASSCODE = 64;
const PASSCODE_CODES = ["passcode-needed", "passcode-wrong", "passcode-delayed"];

interface JoinFormProps extends PreJoinProps {
  choices: Choices;
  onChange: (change: Partial<Choices>) => void;
}

/** Whether it is certain before asking that somebody needs the passcode: hosts, invited and admitted ones do not. */
function needsPasscode({ roomName, info, account }: AtDoor): boolean {
  const { ticket, invitation } = doorstep(roomName);
  return info.access === "passcode" && !account && !ticket && !invitation;
}

/** Whether a failure is told at the passcode's own field. */
export const isAboutPasscode = (failure: Failure | undefined) => PASSCODE_CODES.includes(failure?.code ?? "");

export function JoinForm(props: JoinFormProps) {
  const { door, refusal, choices, onChange, onEnter, onRefused, onMissing } = props;
  const [fault, setFault] = useState<MessageKey>();
  const [failure, setFailure] = useState(isAboutPasscode(refusal) ? refusal : undefined);
  const [passcode, setPasscode] = useState("");
  const [asksPasscode, setAsksPasscode] = useState(() => needsPasscode(door) || isAboutPasscode(refusal));
  const [busy, setBusy] = useState(false);

  const recorded = recordedIn(door.info);

  const refused = (reason: Failure) => {
    if (reason.code === "meeting-not-found") return onMissing();
    if (isAboutDoor(reason)) return onRefused(reason);
    setFailure(reason);
    setAsksPasscode(asksPasscode || isAboutPasscode(reason));
    setBusy(false);
  };
  const join = async (event: FormEvent) => {
    event.preventDefault();
    const name = choices.name.trim();
    if (name === "") return setFault("prejoin.nameMissing");
    if ([...name].length > LONGEST_NAME) return setFault("prejoin.nameTooLong");

    // Also a name that nobody typed must be there when the page is loaded again in the lobby.
    onChange({ name });
    // Whoever presses the button that says so has agreed.
    keepDoorstep(door.roomName, { agreed: recorded !== undefined });
    fetchCallAhead();
    setBusy(true);
    setFailure(undefined);
    const asked = { name, passcode: passcode || undefined };
    const answer = await knock(door.roomName, asked);
    if (!answer.ok) return refused(answer.failure);
    onEnter({ entrance: answer.value, asked, choices: { ...choices, name } });
  };

  return (
    <form
      className="stack"
      method="post"
      onSubmit={join}
      onFocus={fetchCallAhead}
      onPointerEnter={fetchCallAhead}
      noValidate
    >
      <Field
        id="your-name"
        name="name"
        autoComplete="name"
        label={text("prejoin.yourName")}
        hint={text("prejoin.nameHint")}
        fault={fault && text(fault)}
        value={choices.name}
        onChange={(name) => {
          onChange({ name });
          setFault(undefined);
        }}
      />
      {asksPasscode && (
        <Field
          id="passcode"
          name="passcode"
          type="password"
          autoComplete="off"
          maxLength={LONGEST_PASSCODE}
          label={text("prejoin.passcode")}
          hint={text("prejoin.passcodeHint")}
          fault={failure && isAboutPasscode(failure) ? inWords(failure) : undefined}
          value={passcode}
          onChange={setPasscode}
        />
      )}
      {recorded && <ConsentNote recorded={recorded} />}
      {failure && !isAboutPasscode(failure) && <FailureNote failure={failure} />}
      <button className="button primary" type="submit" disabled={busy}>
        {text(label(busy, recorded !== undefined))}
      </button>
    </form>
  );
}

function label(busy: boolean, recorded: boolean): MessageKey {
  if (busy) return "prejoin.joining";
  return recorded ? "consent.join" : "prejoin.join";
}
