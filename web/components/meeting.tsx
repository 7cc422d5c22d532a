// One meeting from the doorstep to the way out: pre-join, the call, and the page after it.
"use client";

import type { Token } from "@meetbox/client";
import { useEffect, useState } from "react";
import { Call } from "@/components/call";
import { Left, type LeaveReason } from "@/components/left";
import { Page } from "@/components/page";
import { PreJoin } from "@/components/pre-join";
import type { Choices } from "@/lib/choices";
import { text } from "@/lib/messages";
import { faultOf, roomNameIn } from "@/lib/room-name";
import { useClientOnly } from "@/lib/use-client-only";

export function Meeting() {
  if (!useClientOnly()) {
    return (
      <Page>
        <p role="status">{text("app.loading")}</p>
      </Page>
    );
  }
  const roomName = roomNameIn(window.location.pathname);
  return faultOf(roomName) ? <BadName name={roomName} /> : <Stages roomName={roomName} />;
}

type Stage =
  { at: "door" } | { at: "call"; token: Token; choices: Choices } | { at: "left"; reason: LeaveReason };

function Stages({ roomName }: { roomName: string }) {
  const [stage, setStage] = useState<Stage>({ at: "door" });

  useEffect(() => {
    const title = stage.at === "door" ? text("prejoin.title", { name: roomName }) : roomName;
    document.title = `${title} · ${text("app.name")}`;
  }, [stage.at, roomName]);

  switch (stage.at) {
    case "door":
      return (
        <PreJoin roomName={roomName} onJoin={(token, choices) => setStage({ at: "call", token, choices })} />
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
