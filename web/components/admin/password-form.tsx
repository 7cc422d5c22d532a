// A new password for somebody else, to be told to them.
"use client";

import type { Account } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import { Modal } from "@/components/modal";
import { changeOther } from "@/lib/administration";
import type { Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { SHORTEST_PASSWORD } from "@/lib/own-account";

interface PasswordFormProps {
  account: Account;
  onClose: () => void;
  onDone: () => void;
}

export function PasswordForm({ account, onClose, onDone }: PasswordFormProps) {
  const [password, setPassword] = useState("");
  const [short, setShort] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const tooShort = [...password].length < SHORTEST_PASSWORD;
    setShort(tooShort);
    if (tooShort) return;
    setBusy(true);
    setFailure(undefined);
    const answer = await changeOther(account.id, { password });
    if (answer.ok) return onDone();
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <Modal title={text("accounts.passwordFor", { name: account.name })} onClose={onClose}>
      <form className="stack" method="post" onSubmit={submit} noValidate>
        <p>{text("accounts.passwordWhat")}</p>
        <Field
          id="account-password"
          type="password"
          autoComplete="new-password"
          label={text("settings.newPassword")}
          hint={text("setup.passwordHint")}
          fault={short ? text("setup.passwordShort") : undefined}
          value={password}
          onChange={(value) => {
            setPassword(value);
            setShort(false);
          }}
        />
        {failure && <FailureNote failure={failure} />}
        <div className="row actions">
          <button className="button" type="button" onClick={onClose}>
            {text("app.cancel")}
          </button>
          <button className="button primary" type="submit" disabled={busy}>
            {text(busy ? "app.busy" : "accounts.setPassword")}
          </button>
        </div>
      </form>
    </Modal>
  );
}
