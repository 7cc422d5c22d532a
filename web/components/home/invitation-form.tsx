// A new invitation: for whom, in which role, until when, for how many.
"use client";

import type { MeetingRole, NewInvitationView } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import { SelectField } from "@/components/select-field";
import type { Failure } from "@/lib/api";
import { invite } from "@/lib/meetings";
import { text } from "@/lib/messages";
import { fromField } from "@/lib/moments";

interface InvitationFormProps {
  meetingId: string;
  onClose: () => void;
  onMade: (invitation: NewInvitationView) => void;
}

const roles: readonly MeetingRole[] = ["speaker", "viewer", "host"];

export function InvitationForm({ meetingId, onClose, onMade }: InvitationFormProps) {
  const [label, setLabel] = useState("");
  const [role, setRole] = useState<MeetingRole>("speaker");
  const [expires, setExpires] = useState("");
  const [uses, setUses] = useState("");
  const [usesFault, setUsesFault] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const most = uses === "" ? undefined : Number(uses);
    const faulty = most !== undefined && !(Number.isInteger(most) && most >= 1);
    setUsesFault(faulty);
    if (faulty) return;
    setBusy(true);
    setFailure(undefined);
    const answer = await invite(meetingId, {
      role,
      label: label.trim() || undefined,
      expires_at: fromField(expires),
      max_uses: most,
    });
    if (answer.ok) return onMade(answer.value);
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <form className="stack inset" onSubmit={submit} noValidate>
      <Field
        id="invitation-label"
        label={text("invitations.label")}
        hint={text("invitations.labelHint")}
        value={label}
        onChange={setLabel}
        maxLength={200}
        autoFocus
      />
      <div className="pair">
        <SelectField
          id="invitation-role"
          label={text("invitations.role")}
          value={role}
          options={roles.map((role) => [role, text(`people.role.${role}`)] as const)}
          onChange={setRole}
        />
        <Field
          id="invitation-expires"
          type="datetime-local"
          label={text("invitations.expires")}
          hint={text("invitations.expiresHint")}
          value={expires}
          onChange={setExpires}
        />
        <Field
          id="invitation-uses"
          inputMode="numeric"
          label={text("invitations.mostUses")}
          hint={text("invitations.mostUsesHint")}
          fault={usesFault ? text("invitations.usesWrong") : undefined}
          value={uses}
          onChange={(value) => {
            setUses(value.trim());
            setUsesFault(false);
          }}
        />
      </div>
      {failure && <FailureNote failure={failure} />}
      <div className="row actions">
        <button className="button" type="button" onClick={onClose}>
          {text("app.cancel")}
        </button>
        <button className="button primary" type="submit" disabled={busy}>
          {text(busy ? "app.busy" : "invitations.submit")}
        </button>
      </div>
    </form>
  );
}
