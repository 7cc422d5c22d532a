// Another password; or that there is none, as another place vouches for the account.
"use client";

import type { Account } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import type { Failure } from "@/lib/api";
import { text, type MessageKey } from "@/lib/messages";
import { newPassword, SHORTEST_PASSWORD } from "@/lib/own-account";
import { toast } from "@/lib/toasts";

export function Password({ account }: { account: Account }) {
  return (
    <section className="part" aria-labelledby="own-password">
      <h2 id="own-password">{text("signIn.password")}</h2>
      {account.has_password ? (
        <PasswordForm email={account.email} />
      ) : (
        <p className="card">{text("settings.noPassword")}</p>
      )}
    </section>
  );
}

function PasswordForm({ email }: { email: string }) {
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const [faults, setFaults] = useState<{ current?: MessageKey; wanted?: MessageKey }>({});
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const short = [...wanted].length < SHORTEST_PASSWORD;
    const found = {
      current: current === "" ? ("settings.currentMissing" as const) : undefined,
      wanted: short ? ("setup.passwordShort" as const) : undefined,
    };
    setFaults(found);
    if (found.current || found.wanted) return;
    setBusy(true);
    setFailure(undefined);
    const answer = await newPassword(current, wanted);
    setBusy(false);
    if (!answer.ok) return setFailure(answer.failure);
    setCurrent("");
    setWanted("");
    toast(text("settings.passwordSaved"));
  };

  return (
    <form className="card stack" method="post" onSubmit={submit} noValidate>
      {/* Password managers ask whose password it is. */}
      <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
      <Field
        id="current-password"
        type="password"
        autoComplete="current-password"
        label={text("settings.currentPassword")}
        fault={faults.current && text(faults.current)}
        value={current}
        onChange={setCurrent}
      />
      <Field
        id="new-password"
        type="password"
        autoComplete="new-password"
        label={text("settings.newPassword")}
        hint={text("setup.passwordHint")}
        fault={faults.wanted && text(faults.wanted)}
        value={wanted}
        onChange={setWanted}
      />
      <p className="small">{text("settings.passwordEnds")}</p>
      {failure && <FailureNote failure={failure} />}
      <div>
        <button className="button primary" type="submit" disabled={busy}>
          {text(busy ? "app.busy" : "settings.changePassword")}
        </button>
      </div>
    </form>
  );
}
