// Who is signed in here, and the ways in and out.
import {
  createSession,
  deleteCurrentSession,
  getSignInOptions,
  setUp,
  type Account,
  type SetupRequest,
  type SignInOptions,
} from "@meetbox/client";
import { useEffect, useState } from "react";
import { outcome, type Failure, type Outcome } from "./api";
import { patiently } from "./patience";

export type SignedIn =
  { state: "asking" } | { state: "out"; failure?: Failure } | { state: "in"; account: Account };

/** Who is signed in; somebody whose server cannot be asked is told why, and is as good as signed out. */
async function whoIsSignedIn(): Promise<SignedIn> {
  const answer = await signInOptions();
  if (!answer.ok) return { state: "out", failure: answer.failure };
  const { account } = answer.value;
  return account ? { state: "in", account } : { state: "out" };
}

export function useSignedIn(): SignedIn {
  const [signedIn, setSignedIn] = useState<SignedIn>({ state: "asking" });

  useEffect(() => {
    let gone = false;
    void whoIsSignedIn().then((answer) => gone || setSignedIn(answer));
    return () => {
      gone = true;
    };
  }, []);

  return signedIn;
}

/** How one can sign in here. */
export const signInOptions = (): Promise<Outcome<SignInOptions>> => outcome(getSignInOptions());

export const signIn = (email: string, password: string): Promise<Outcome<unknown>> =>
  patiently(() => outcome(createSession({ body: { email, password } })));

export const signOut = (): Promise<Outcome<unknown>> => outcome(deleteCurrentSession());

/** Makes the first administrator's account, who is signed in then. */
export const makeFirstAccount = (wish: SetupRequest): Promise<Outcome<unknown>> =>
  outcome(setUp({ body: wish }));
