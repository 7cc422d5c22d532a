// The first page: a name for a meeting and the ways to go there; for who is signed in also the meetings that are or were.
"use client";

import { AccountMenu } from "@/components/account-menu";
import { FailureNote } from "@/components/failure-note";
import { MeetingList } from "@/components/meeting-list";
import { NameForm } from "@/components/name-form";
import { Page } from "@/components/page";
import { useSignedIn, type SignedIn } from "@/lib/account";
import { text } from "@/lib/messages";

export function Home() {
  const signedIn = useSignedIn();
  return (
    <Page aside={<AccountMenu signedIn={signedIn} />}>
      <h1>{text("home.heading")}</h1>
      <Content signedIn={signedIn} />
    </Page>
  );
}

function Content({ signedIn }: { signedIn: SignedIn }) {
  switch (signedIn.state) {
    case "asking":
      return <p role="status">{text("app.loading")}</p>;
    case "out":
      return (
        <>
          <p className="lead">{text("home.introGuest")}</p>
          {signedIn.failure && <FailureNote failure={signedIn.failure} />}
          <NameForm mayStart={false} />
          <p>
            {text("home.wantsToStart")} <a href="/app/sign-in">{text("account.signIn")}</a>
          </p>
        </>
      );
    case "in":
      return (
        <>
          <p className="lead">{text("home.intro")}</p>
          <NameForm mayStart />
          <MeetingList />
        </>
      );
  }
}
