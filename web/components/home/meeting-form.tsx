// What a meeting shall be like: the same form for a new one and for one that there is.
"use client";

import type { Access, Lobby, Meeting } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import { MeetingExtras } from "@/components/home/meeting-extras";
import { SelectField } from "@/components/select-field";
import type { Failure } from "@/lib/api";
import {
  changeOf,
  EMPTY_WISH,
  faultsOf,
  requestOf,
  wishOf,
  type MeetingWish,
  type WishFaults,
} from "@/lib/meeting-wish";
import { change, make, type ReadMeeting } from "@/lib/meetings";
import { text } from "@/lib/messages";
import { suggestedName } from "@/lib/room-name";

interface MeetingFormProps {
  /** The meeting that is changed; a new one is made when there is none. */
  before?: ReadMeeting;
  onClose: () => void;
  onDone: (meeting: Meeting) => void;
  /** Reads it again, as somebody else changed it meanwhile. */
  onStale?: () => void;
}

const accesses: readonly Access[] = ["public", "passcode", "accounts", "invited"];
const lobbies: readonly Lobby[] = ["off", "guests", "everyone"];

export function MeetingForm({ before, onClose, onDone, onStale }: MeetingFormProps) {
  const [first] = useState(() => (before ? wishOf(before.meeting) : EMPTY_WISH));
  const [wish, setWish] = useState(first);
  const [faults, setFaults] = useState<WishFaults>({});
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const hadPasscode = first.access === "passcode";

  const set = (part: Partial<MeetingWish>) => {
    setWish({ ...wish, ...part });
    const untouched = Object.entries(faults).filter(([name]) => !(name in part));
    setFaults(Object.fromEntries(untouched));
  };
  const field = (name: "title" | "roomName" | "startsAt" | "passcode") => ({
    id: `meeting-${name}`,
    value: wish[name],
    fault: faults[name] && text(faults[name]),
    onChange: (value: string) => set({ [name]: value }),
  });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = faultsOf(wish, hadPasscode);
    setFaults(found);
    const [worst] = Object.keys(found);
    if (worst) return document.getElementById(`meeting-${worst}`)?.focus();
    setBusy(true);
    setFailure(undefined);
    const answer = before ? await change(before, changeOf(wish, first)) : await make(requestOf(wish));
    if (answer.ok) return onDone(answer.value);
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <Field {...field("title")} label={text("meetingForm.title")} hint={text("meetingForm.titleHint")} />
      {!before && (
        <div className="with-button">
          <Field
            {...field("roomName")}
            label={text("meetingForm.name")}
            hint={text("meetingForm.nameHint")}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
          />
          <button className="button" type="button" onClick={() => set({ roomName: suggestedName() })}>
            {text("meetingForm.suggest")}
          </button>
        </div>
      )}
      <Field
        {...field("startsAt")}
        type="datetime-local"
        label={text("meetingForm.starts")}
        hint={text("meetingForm.startsHint")}
      />
      <div className="pair">
        <SelectField
          id="meeting-access"
          label={text("meetingForm.access")}
          value={wish.access}
          options={[
            ...(before ? [] : [["", text("meetingForm.asUsual")] as const]),
            ...accesses.map((access) => [access, text(`meetingForm.access.${access}`)] as const),
          ]}
          hint={wish.access ? text(`meetingForm.accessHint.${wish.access}`) : text("meetingForm.asUsualHint")}
          onChange={(access) => set({ access })}
        />
        <SelectField
          id="meeting-lobby"
          label={text("meetingForm.lobby")}
          value={wish.lobby}
          options={[
            ...(before ? [] : [["", text("meetingForm.asUsual")] as const]),
            ...lobbies.map((lobby) => [lobby, text(`meetingForm.lobby.${lobby}`)] as const),
          ]}
          hint={text("meetingForm.lobbyHint")}
          onChange={(lobby) => set({ lobby })}
        />
      </div>
      {wish.access === "passcode" && (
        <Field
          {...field("passcode")}
          label={text("prejoin.passcode")}
          hint={text(hadPasscode ? "meetingForm.passcodeStays" : "meetingForm.passcodeHint")}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      )}
      <label className="check">
        <input
          type="checkbox"
          checked={wish.autoRecord}
          onChange={(event) => set({ autoRecord: event.target.checked })}
        />
        {text("meetingForm.autoRecord")}
      </label>
      <MeetingExtras wish={wish} faults={faults} onChange={set} />
      {failure && (
        <FailureNote failure={failure}>
          {failure.code === "changed-meanwhile" && onStale && (
            <p>
              <button className="button" type="button" onClick={onStale}>
                {text("meetingForm.readAgain")}
              </button>
            </p>
          )}
        </FailureNote>
      )}
      <div className="row actions">
        <button className="button" type="button" onClick={onClose}>
          {text("app.cancel")}
        </button>
        <button className="button primary" type="submit" disabled={busy}>
          {text(busy ? "app.busy" : before ? "app.save" : "meetingForm.submit")}
        </button>
      </div>
    </form>
  );
}
