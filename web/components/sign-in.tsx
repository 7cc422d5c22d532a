// Signing in with a password, and what another place had to say when it sent somebody back here.
"use client";

import type { SignInOptions } from "@meetbox/client";
import { useEffect, useState, type FormEvent } from "react";
import { FailureNote } from "@/components/failure-note";
import { Field } from "@/components/field";
import { LoadingPage, Page } from "@/components/page";
import { signIn, signInOptions } from "@/lib/account";
import type { Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { signInProblem } from "@/lib/problems";
import { oidcStart, ownPath } from "@/lib/return-to";
import { useClientOnly } from "@/lib/use-client-only";

export function SignIn() {
  // Before its scripts run a page could only send a password in an address, so the exported one has no form.
  return useClientOnly() ? (
    <SignInPage query={new URLSearchParams(window.location.search)} />
  ) : (
    <LoadingPage />
  );
}

function SignInPage({ query }: { query: URLSearchParams }) {
  const options = useSignInOptions();
  const problem = query.get("problem");
  const returnTo = ownPath(query.get("return_to"));
  return (
    <Page>
      <h1>{text("signIn.heading")}</h1>
      {problem !== null && (
        <p className="note failure" role="alert">
          {signInProblem(problem)}
        </p>
      )}
      {options?.setup_needed && (
        <div className="note" role="status">
          <p>{text("signIn.setupNeeded")}</p>
          <p>
            <code>meetbox account setup-link</code>
          </p>
        </div>
      )}
      {options?.oidc && (
        <a className="button" href={oidcStart(returnTo)}>
          {text("signIn.with", { name: options.oidc.name })}
        </a>
      )}
      <SignInForm onDone={() => window.location.replace(returnTo)} />
    </Page>
  );
}

/** How one can sign in here, once that is known. */
function useSignInOptions(): SignInOptions | undefined {
  const [options, setOptions] = useState<SignInOptions>();

  useEffect(() => {
    let gone = false;
    void signInOptions().then((answer) => {
      if (!gone && answer.ok) setOptions(answer.value);
    });
    return () => {
      gone = true;
    };
  }, []);

  return options;
}

function SignInForm({ onDone }: { onDone: () => void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const complete = email.trim() !== "" && password !== "";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!complete) return setFailure({ message: text("signIn.incomplete") });
    setBusy(true);
    setFailure(undefined);
    const answer = await signIn(email.trim(), password);
    if (answer.ok) return onDone();
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <form className="card stack" method="post" onSubmit={submit} noValidate>
      <Field
        id="email"
        name="email"
        type="email"
        autoComplete="username"
        label={text("signIn.email")}
        value={email}
        onChange={setEmail}
      />
      <Field
        id="password"
        name="password"
        type="password"
        autoComplete="current-password"
        label={text("signIn.password")}
        value={password}
        onChange={setPassword}
      />
      {failure && <FailureNote failure={failure} />}
      <button className="button primary" type="submit" disabled={busy}>
        {text(busy ? "signIn.busy" : "signIn.submit")}
      </button>
    </form>
  );
}
