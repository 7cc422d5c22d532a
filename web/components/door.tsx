// The way to a meeting's doorstep: is there such a meeting, what does it take to come in, and who asks.
"use client";

import type { JoinInfo } from "@meetbox/client";
import { useEffect, useState } from "react";
import { FailureNote } from "@/components/failure-note";
import { NoMeeting } from "@/components/no-meeting";
import { LoadingPage, Page } from "@/components/page";
import { PreJoin, type Entering } from "@/components/pre-join";
import { useSignedIn } from "@/lib/account";
import type { Failure, Outcome } from "@/lib/api";
import { joinInfo } from "@/lib/door";
import { text } from "@/lib/messages";

interface DoorProps {
  roomName: string;
  /** Why somebody who waited stands here again. */
  refusal: Failure | undefined;
  onEnter: (entering: Entering) => void;
  onRefused: (failure: Failure) => void;
}

export function Door({ roomName, refusal, onEnter, onRefused }: DoorProps) {
  const signedIn = useSignedIn();
  const [info, setInfo] = useState<Outcome<JoinInfo>>();
  const [tries, setTries] = useState(0);
  const again = () => {
    setInfo(undefined);
    setTries(tries + 1);
  };

  useEffect(() => {
    let gone = false;
    void joinInfo(roomName).then((answer) => gone || setInfo(answer));
    return () => {
      gone = true;
    };
  }, [roomName, tries]);

  if (!info || signedIn.state === "asking") return <LoadingPage />;
  const account = signedIn.state === "in" ? signedIn.account : undefined;
  if (info.ok) {
    const door = { roomName, info: info.value, account };
    return (
      <PreJoin door={door} refusal={refusal} onEnter={onEnter} onRefused={onRefused} onMissing={again} />
    );
  }
  if (info.failure.code === "meeting-not-found") {
    return <NoMeeting roomName={roomName} mayStart={account !== undefined} onStarted={again} />;
  }
  return (
    <Page>
      <FailureNote failure={info.failure}>
        <p>
          <button className="button" type="button" onClick={again}>
            {text("door.again")}
          </button>
        </p>
      </FailureNote>
    </Page>
  );
}
