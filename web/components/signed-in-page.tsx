// A page that is only for who is signed in: everybody else is led to sign in, and back.
"use client";

import { useEffect, type ReactNode } from "react";
import type { Account } from "@meetbox/client";
import { AppPage, type Place } from "@/components/app-page";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { useSignedIn } from "@/lib/account";
import { signInFor } from "@/lib/return-to";

interface SignedInPageProps {
  title: string;
  place: Place;
  children: (account: Account) => ReactNode;
}

export function SignedInPage({ title, place, children }: SignedInPageProps) {
  const signedIn = useSignedIn();
  const mustSignIn = signedIn.state === "out" && !signedIn.failure;

  useEffect(() => {
    const { pathname, search } = window.location;
    if (mustSignIn) window.location.replace(signInFor(pathname + search));
  }, [mustSignIn]);

  return (
    <AppPage title={title} place={place} signedIn={signedIn}>
      <h1>{title}</h1>
      {signedIn.state === "in" && children(signedIn.account)}
      {signedIn.state === "out" && signedIn.failure && (
        <Retry failure={signedIn.failure} onRetry={() => window.location.reload()} />
      )}
      {(signedIn.state === "asking" || mustSignIn) && <Skeleton />}
    </AppPage>
  );
}
