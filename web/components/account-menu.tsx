// Who is signed in, in the header: with a way out, or a way in.
"use client";

import { useState } from "react";
import { signOut, type SignedIn } from "@/lib/account";
import type { Failure } from "@/lib/api";
import { text } from "@/lib/messages";
import { inWords } from "@/lib/problems";

export function AccountMenu({ signedIn }: { signedIn: SignedIn }) {
  const [failure, setFailure] = useState<Failure>();

  const leave = async () => {
    setFailure(undefined);
    const answer = await signOut();
    if (answer.ok) window.location.assign("/");
    else setFailure(answer.failure);
  };

  switch (signedIn.state) {
    case "asking":
      return null;
    case "out":
      return (
        <a className="button quiet" href="/app/sign-in">
          {text("account.signIn")}
        </a>
      );
    case "in":
      return (
        <div className="row account" role="group" aria-label={text("account.heading")}>
          {failure && (
            <span className="hint wrong" role="alert">
              {inWords(failure)}
            </span>
          )}
          <span>{signedIn.account.name}</span>
          <button className="button quiet" type="button" onClick={leave}>
            {text("account.signOut")}
          </button>
        </div>
      );
  }
}
