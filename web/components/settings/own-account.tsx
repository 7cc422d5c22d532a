// One's name, which can be changed, and what else the account is.
"use client";

import type { Account } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import type { Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { rename } from "@/lib/own-account";
import { toast } from "@/lib/toasts";

export function OwnAccount({ account }: { account: Account }) {
  const [name, setName] = useState(account.name);
  const [fault, setFault] = useState<"prejoin.nameMissing" | "prejoin.nameTooLong">();
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === "") return setFault("prejoin.nameMissing");
    if ([...wanted].length > 80) return setFault("prejoin.nameTooLong");
    setBusy(true);
    setFailure(undefined);
    const answer = await rename(wanted);
    setBusy(false);
    if (answer.ok) toast(text("settings.nameSaved"));
    else setFailure(answer.failure);
  };

  return (
    <section className="part" aria-labelledby="own-account">
      <h2 id="own-account">{text("settings.account")}</h2>
      <form className="card stack" onSubmit={submit} noValidate>
        <Field
          id="own-name"
          label={text("prejoin.yourName")}
          hint={text("prejoin.nameHint")}
          fault={fault && text(fault)}
          autoComplete="name"
          value={name}
          onChange={(value) => {
            setName(value);
            setFault(undefined);
          }}
        />
        <p className="facts">
          <span>{account.email}</span>
          <span>{text(`accounts.role.${account.role}`)}</span>
        </p>
        {failure && <FailureNote failure={failure} />}
        <div>
          <button className="button primary" type="submit" disabled={busy}>
            {text(busy ? "app.busy" : "app.save")}
          </button>
        </div>
      </form>
    </section>
  );
}
