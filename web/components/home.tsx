// The first page: the ways into a meeting; for who is signed in also to start one, and theirs.
"use client";

import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { AppPage } from "@/components/app-page";
import { FailureNote } from "@/components/failure-note";
import { JoinByName } from "@/components/home/join-by-name";
import { StartNow } from "@/components/home/start-now";
import { Skeleton } from "@/components/skeleton";
import { signInOptions, useSignedIn, type SignedIn } from "@/lib/account";
import { text } from "@/lib/messages";

// Who only joins does not wait for it.
const MyMeetings = dynamic(() => import("@/components/home/my-meetings").then((part) => part.MyMeetings), {
  ssr: false,
  loading: () => <Skeleton />,
});

export function Home() {
  const signedIn = useSignedIn();
  return (
    <AppPage place="meetings" signedIn={signedIn}>
      <div className="welcome">
        <div className="stack">
          <h1>{text("home.heading")}</h1>
          <p className="lead">{text("home.intro")}</p>
          {signedIn.state === "out" && <SetupNote />}
        </div>
        <div className="card stack">
          {signedIn.state === "out" && signedIn.failure && <FailureNote failure={signedIn.failure} />}
          <Start signedIn={signedIn} />
          <p className="or">
            <span>{text("home.or")}</span>
          </p>
          <JoinByName />
        </div>
      </div>
      {signedIn.state === "in" && <MyMeetings account={signedIn.account} />}
    </AppPage>
  );
}

/** What stands in this place is always one button, so that nothing jumps when it is known who looks. */
function Start({ signedIn }: { signedIn: SignedIn }) {
  switch (signedIn.state) {
    case "asking":
      return <span className="button primary waiting" aria-hidden="true" />;
    case "out":
      return (
        <a className="button primary" href="/app/sign-in">
          {text("home.signInToStart")}
        </a>
      );
    case "in":
      return <StartNow />;
  }
}

/** How the first account comes to be, where there is none yet. */
function SetupNote() {
  const [needed, setNeeded] = useState(false);

  useEffect(() => {
    let gone = false;
    void signInOptions().then((answer) => {
      if (!gone && answer.ok) setNeeded(answer.value.setup_needed);
    });
    return () => {
      gone = true;
    };
  }, []);

  if (!needed) return null;
  return (
    <div className="note" role="status">
      <p>{text("signIn.setupNeeded")}</p>
      <p>
        <code>meetbox account setup-link</code>
      </p>
    </div>
  );
}
