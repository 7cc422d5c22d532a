// One meeting from the doorstep to the way out: pre-join, the lobby, the call, and the page after it.
"use client";

import type { Token } from "@meetbox/client";
import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { Consent } from "@/components/consent";
import { Door } from "@/components/door";
import { Left } from "@/components/left";
import { LoadingPage, Page } from "@/components/page";
import type { Entering } from "@/components/pre-join";
import { isAboutDoor, Refused } from "@/components/refused";
import { Waiting } from "@/components/waiting";
import type { Failure } from "@/lib/api";
import type { End } from "@/lib/call/use-call";
import type { LeaveReason } from "@/lib/call/ways-out";
import { lastChoices, type Choices } from "@/lib/choices";
import { knock, recordedIn, stopWaiting, type Knock } from "@/lib/door";
import { doorstep, keepDoorstep, stillWaits } from "@/lib/doorstep";
import { clearFragment, invitationIn } from "@/lib/fragment";
import { fetchCall } from "@/lib/fetch-call";
import { text } from "@/lib/messages";
import { faultOf, roomNameIn } from "@/lib/room-name";
import { useClientOnly } from "@/lib/use-client-only";

// LiveKit's client and kit are as heavy as everything else together: they come when somebody is about to go in.
const Call = dynamic(() => fetchCall().then((module) => module.Call), { ssr: false, loading: LoadingPage });

export function Meeting() {
  if (!useClientOnly()) return <LoadingPage />;
  const roomName = roomNameIn(window.location.pathname);
  return faultOf(roomName) ? <BadName name={roomName} /> : <Stages roomName={roomName} />;
}

type Stage =
  | { at: "door"; refusal?: Failure }
  | { at: "refused"; failure: Failure }
  | { at: "waiting"; asked: Knock }
  | { at: "consent"; token: Token; choices: Choices }
  | { at: "call"; token: Token; choices: Choices }
  | { at: "left"; reason: LeaveReason; choices?: Choices };

/** Where somebody begins who has opened the page, or has loaded it again. */
function firstStage(roomName: string): Stage {
  const invitation = invitationIn(window.location.hash);
  if (invitation) keepDoorstep(roomName, { invitation });

  const { name } = lastChoices();
  const waits = name !== "" && stillWaits(doorstep(roomName));
  return waits ? { at: "waiting", asked: { name } } : { at: "door" };
}

/** With a token: on into the call, unless there is something to agree to that was not known at the door. */
function withToken(roomName: string, token: Token, choices: Choices): Stage {
  const asks = recordedIn(token) !== undefined && !doorstep(roomName).agreed;
  return { at: asks ? "consent" : "call", token, choices };
}

const refused = (failure: Failure): Stage =>
  isAboutDoor(failure) ? { at: "refused", failure } : { at: "door", refusal: failure };

function Stages({ roomName }: { roomName: string }) {
  const [stage, setStage] = useState<Stage>(() => firstStage(roomName));
  useEffect(clearFragment, []);

  useEffect(() => {
    const keys = { door: "prejoin.title", waiting: "waiting.title" } as const;
    const key = stage.at === "door" || stage.at === "waiting" ? keys[stage.at] : undefined;
    document.title = `${key ? text(key, { name: roomName }) : roomName} · ${text("app.name")}`;
  }, [stage.at, roomName]);

  const enter = ({ entrance, asked, choices }: Entering) =>
    setStage(entrance.in ? withToken(roomName, entrance.token, choices) : { at: "waiting", asked });
  const backToDoor = () => setStage({ at: "door" });
  // With the devices as they were chosen before, and without another look into the mirror.
  const straightBack = async (choices: Choices = lastChoices()) => {
    const asked = { name: choices.name };
    const answer = await knock(roomName, asked);
    if (answer.ok) enter({ entrance: answer.value, asked, choices });
    else setStage(refused(answer.failure));
  };
  const afterCall = (end: End, choices: Choices) => {
    if (end.at === "left") setStage({ ...end, choices });
    else if (end.at === "refused") setStage(refused(end.failure));
    else setStage({ at: "waiting", asked: { name: choices.name } });
  };

  switch (stage.at) {
    case "door":
      return (
        <Door
          roomName={roomName}
          refusal={stage.refusal}
          onEnter={enter}
          onRefused={(failure) => setStage(refused(failure))}
        />
      );
    case "refused":
      return <Refused failure={stage.failure} roomName={roomName} onAgain={backToDoor} />;
    case "waiting":
      return (
        <Waiting
          roomName={roomName}
          asked={stage.asked}
          onAdmitted={(token, choices) => setStage(withToken(roomName, token, choices))}
          onRefused={(failure) => setStage(refused(failure))}
          onLeft={() => setStage({ at: "left", reason: "lobby" })}
        />
      );
    case "consent":
      return (
        <Consent
          token={stage.token}
          onAgree={() => {
            keepDoorstep(roomName, { agreed: true });
            // Somebody may have thought about it for longer than the token is good for.
            const isGood = Date.parse(stage.token.expires_at) > Date.now();
            setStage(isGood ? { ...stage, at: "call" } : { at: "door" });
          }}
          onDecline={() => {
            void stopWaiting(roomName).then(() => window.location.assign("/"));
          }}
        />
      );
    case "call":
      return (
        <Call
          roomName={roomName}
          token={stage.token}
          choices={stage.choices}
          onEnd={(end) => afterCall(end, stage.choices)}
        />
      );
    case "left":
      return (
        <Left reason={stage.reason} onAgain={backToDoor} onStraight={() => straightBack(stage.choices)} />
      );
  }
}

function BadName({ name }: { name: string }) {
  const reason = text(`roomName.${faultOf(name) ?? "characters"}`);
  return (
    <Page>
      <section className="card stack">
        <h1>{text("meeting.badName")}</h1>
        <p>{text("meeting.badNameWhy", { name, reason })}</p>
        <p>
          <a className="button primary" href="/">
            {text("left.home")}
          </a>
        </p>
      </section>
    </Page>
  );
}
