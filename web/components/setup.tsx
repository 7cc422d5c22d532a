// The first administrator makes their account.
"use client";

import { useEffect, useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import { LoadingPage, Page } from "@/components/page";
import { makeFirstAccount } from "@/lib/account";
import type { Failure } from "@/lib/api";
import { clearFragment, setupSecretIn } from "@/lib/fragment";
import { text, type MessageKey } from "@/lib/messages";
import { useClientOnly } from "@/lib/use-client-only";

const SHORTEST_PASSWORD = 10;

export function Setup() {
  return useClientOnly() ? <SetupWithSecret /> : <LoadingPage />;
}

function SetupWithSecret() {
  const [secret] = useState(() => setupSecretIn(window.location.hash));
  useEffect(clearFragment, []);

  return (
    <Page>
      <h1>{text("setup.heading")}</h1>
      {secret ? (
        <>
          <p className="lead">{text("setup.intro")}</p>
          <SetupForm secret={secret} />
        </>
      ) : (
        <div className="note failure" role="alert">
          <p>{text("setup.noSecret")}</p>
          <p>
            <code>meetbox account setup-link</code>
          </p>
        </div>
      )}
    </Page>
  );
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
  if (name.trim() === "") faults.name = "prejoin.nameMissing";
  if ([...password].length < SHORTEST_PASSWORD) faults.password = "setup.passwordShort";
  return faults;
}

function SetupForm({ secret }: { secret: string }) {
  const [wish, setWish] = useState<Wish>({ email: "", name: "", password: "" });
  const [faults, setFaults] = useState<Faults>({});
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const field = (name: keyof Wish) => ({
    id: name,
    name,
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
    const { email, name, password } = wish;
    const answer = await makeFirstAccount({ secret, email: email.trim(), name: name.trim(), password });
    if (answer.ok) return window.location.replace("/");
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <form className="card stack" method="post" onSubmit={submit} noValidate>
      <Field {...field("email")} type="email" autoComplete="username" label={text("signIn.email")} />
      <Field
        {...field("name")}
        autoComplete="name"
        label={text("prejoin.yourName")}
        hint={text("prejoin.nameHint")}
      />
      <Field
        {...field("password")}
        type="password"
        autoComplete="new-password"
        label={text("signIn.password")}
        hint={text("setup.passwordHint")}
      />
      {failure && <FailureNote failure={failure} />}
      <button className="button primary" type="submit" disabled={busy}>
        {text(busy ? "setup.busy" : "setup.submit")}
      </button>
    </form>
  );
}
