// One meeting from the doorstep to the way out: pre-join, the lobby, the call, and the page after it.
"use client";

import type { Token } from "@meetbox/client";
import { useEffect, useState } from "react";
import { Call } from "@/components/call";
import { Door } from "@/components/door";
import { Left, type LeaveReason } from "@/components/left";
import { LoadingPage, Page } from "@/components/page";
import type { Entering } from "@/components/pre-join";
import { Waiting } from "@/components/waiting";
import type { Failure } from "@/lib/api";
import { lastChoices, type Choices } from "@/lib/choices";
import type { Knock } from "@/lib/door";
import { doorstep, keepDoorstep, stillWaits } from "@/lib/doorstep";
import { clearFragment, invitationIn } from "@/lib/fragment";
import { text } from "@/lib/messages";
import { faultOf, roomNameIn } from "@/lib/room-name";
import { useClientOnly } from "@/lib/use-client-only";

export function Meeting() {
  if (!useClientOnly()) return <LoadingPage />;
  const roomName = roomNameIn(window.location.pathname);
  return faultOf(roomName) ? <BadName name={roomName} /> : <Stages roomName={roomName} />;
}

type Stage =
  | { at: "door"; refusal?: Failure }
  | { at: "waiting"; asked: Knock; choices: Choices }
  | { at: "call"; token: Token; choices: Choices }
  | { at: "left"; reason: LeaveReason };

/** Where somebody begins who has opened the page, or has loaded it again. */
function firstStage(roomName: string): Stage {
  const invitation = invitationIn(window.location.hash);
  if (invitation) keepDoorstep(roomName, { invitation });

  const choices = lastChoices();
  const waits = choices.name !== "" && stillWaits(doorstep(roomName));
  return waits ? { at: "waiting", asked: { name: choices.name }, choices } : { at: "door" };
}

function Stages({ roomName }: { roomName: string }) {
  const [stage, setStage] = useState<Stage>(() => firstStage(roomName));
  useEffect(clearFragment, []);

  useEffect(() => {
    const keys = { door: "prejoin.title", waiting: "waiting.title" } as const;
    const key = stage.at === "door" || stage.at === "waiting" ? keys[stage.at] : undefined;
    document.title = `${key ? text(key, { name: roomName }) : roomName} · ${text("app.name")}`;
  }, [stage.at, roomName]);

  const enter = ({ entrance, asked, choices }: Entering) =>
    setStage(
      entrance.in ? { at: "call", token: entrance.token, choices } : { at: "waiting", asked, choices },
    );

  switch (stage.at) {
    case "door":
      return <Door roomName={roomName} refusal={stage.refusal} onEnter={enter} />;
    case "waiting":
      return (
        <Waiting
          roomName={roomName}
          asked={stage.asked}
          onAdmitted={(token) => setStage({ at: "call", token, choices: stage.choices })}
          onRefused={(refusal) => setStage({ at: "door", refusal })}
          onLeft={() => setStage({ at: "left", reason: "lobby" })}
        />
      );
    case "call":
      return (
        <Call
          roomName={roomName}
          token={stage.token}
          choices={stage.choices}
          onLeft={(reason) => setStage({ at: "left", reason })}
        />
      );
    case "left":
      return <Left reason={stage.reason} onAgain={() => setStage({ at: "door" })} />;
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
