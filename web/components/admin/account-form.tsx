// A new account: address, name, role, and a password unless another place vouches for it.
"use client";

import type { AccountRole } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import { Modal } from "@/components/modal";
import { SelectField } from "@/components/select-field";
import { makeAccount } from "@/lib/administration";
import type { Failure } from "@/lib/api";
import { text, type MessageKey } from "@/lib/messages";
import { SHORTEST_PASSWORD } from "@/lib/own-account";

interface AccountFormProps {
  onClose: () => void;
  onDone: () => void;
}

interface Wish {
  email: string;
  name: string;
  password: string;
}

type Faults = Partial<Record<keyof Wish, MessageKey>>;

function faultsOf({ email, name, password }: Wish): Faults {
  const faults: Faults = {};
  if (!email.includes("@")) faults.email = "setup.emailMissing";
  if (name.trim() === "") faults.name = "accounts.nameMissing";
  if (password !== "" && [...password].length < SHORTEST_PASSWORD) faults.password = "setup.passwordShort";
  return faults;
}

export function AccountForm({ onClose, onDone }: AccountFormProps) {
  const [wish, setWish] = useState<Wish>({ email: "", name: "", password: "" });
  const [role, setRole] = useState<AccountRole>("host");
  const [faults, setFaults] = useState<Faults>({});
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const field = (name: keyof Wish) => ({
    id: `account-${name}`,
    value: wish[name],
    fault: faults[name] && text(faults[name]),
    onChange: (value: string) => {
      setWish({ ...wish, [name]: value });
      setFaults({ ...faults, [name]: undefined });
    },
  });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = faultsOf(wish);
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    setFailure(undefined);
    const answer = await makeAccount({
      email: wish.email.trim(),
      name: wish.name.trim(),
      role,
      password: wish.password || undefined,
    });
    if (answer.ok) return onDone();
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <Modal title={text("accounts.make")} onClose={onClose}>
      <form className="stack" method="post" onSubmit={submit} noValidate>
        <Field {...field("email")} type="email" autoComplete="off" label={text("signIn.email")} />
        <Field
          {...field("name")}
          autoComplete="off"
          label={text("accounts.name")}
          hint={text("prejoin.nameHint")}
        />
        <SelectField<AccountRole>
          id="account-role"
          label={text("accounts.role")}
          value={role}
          options={[
            ["host", text("accounts.role.host")],
            ["admin", text("accounts.role.admin")],
          ]}
          hint={text(`accounts.roleHint.${role}`)}
          onChange={setRole}
        />
        <Field
          {...field("password")}
          type="password"
          autoComplete="new-password"
          label={text("signIn.password")}
          hint={text("accounts.passwordHint")}
        />
        {failure && <FailureNote failure={failure} />}
        <div className="row actions">
          <button className="button" type="button" onClick={onClose}>
            {text("app.cancel")}
          </button>
          <button className="button primary" type="submit" disabled={busy}>
            {text(busy ? "app.busy" : "setup.submit")}
          </button>
        </div>
      </form>
    </Modal>
  );
}
