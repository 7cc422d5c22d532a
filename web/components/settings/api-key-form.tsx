// A new key: what it is for, what it may do, until when.
"use client";

import type { Account, NewApiKey, Scope } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import { Modal } from "@/components/modal";
import type { Failure } from "@/lib/api";
import { text, type MessageKey } from "@/lib/messages";
import { fromField } from "@/lib/moments";
import { makeKey, SCOPES } from "@/lib/own-account";

interface ApiKeyFormProps {
  account: Account;
  onClose: () => void;
  onMade: (key: NewApiKey) => void;
}

export function ApiKeyForm({ account, onClose, onMade }: ApiKeyFormProps) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>([]);
  const [expires, setExpires] = useState("");
  const [faults, setFaults] = useState<{ name?: MessageKey; scopes?: MessageKey }>({});
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const possible = SCOPES.filter((scope) => scope !== "admin" || account.role === "admin");

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const length = [...name.trim()].length;
    const found = {
      name: length < 1 || length > 80 ? ("keys.nameWrong" as const) : undefined,
      scopes: scopes.length === 0 ? ("keys.scopesMissing" as const) : undefined,
    };
    setFaults(found);
    if (found.name || found.scopes) return;
    setBusy(true);
    setFailure(undefined);
    const answer = await makeKey({ name: name.trim(), scopes, expires_at: fromField(expires) });
    if (answer.ok) return onMade(answer.value);
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <Modal title={text("keys.make")} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <Field
          id="key-name"
          label={text("keys.name")}
          hint={text("keys.nameHint")}
          fault={faults.name && text(faults.name)}
          autoComplete="off"
          value={name}
          onChange={setName}
        />
        <fieldset aria-describedby="scopes-hint">
          <legend>{text("keys.scopes")}</legend>
          {possible.map((scope) => (
            <label key={scope} className="check">
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={(event) =>
                  setScopes(
                    SCOPES.filter((it) => (it === scope ? event.target.checked : scopes.includes(it))),
                  )
                }
              />
              {text(`keys.scope.${scope}`)}
            </label>
          ))}
          <p id="scopes-hint" className={faults.scopes ? "hint wrong" : "hint"} aria-live="polite">
            {text(faults.scopes ?? "keys.scopesHint")}
          </p>
        </fieldset>
        <Field
          id="key-expires"
          type="datetime-local"
          label={text("keys.expires")}
          hint={text("keys.expiresHint")}
          value={expires}
          onChange={setExpires}
        />
        {failure && <FailureNote failure={failure} />}
        <div className="row actions">
          <button className="button" type="button" onClick={onClose}>
            {text("app.cancel")}
          </button>
          <button className="button primary" type="submit" disabled={busy}>
            {text(busy ? "app.busy" : "keys.submit")}
          </button>
        </div>
      </form>
    </Modal>
  );
}
