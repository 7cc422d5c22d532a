// The buttons in the call's bar that open the panel: who is there, and what is written.
"use client";

import { useRemoteParticipants } from "@livekit/components-react";
import { ChatMark, PeopleMark } from "@/components/call/side/marks";
import { useSaid, useTalk } from "@/components/call/side/talking";
import { keyOf } from "@/lib/call/keys";
import { useNarrow } from "@/lib/call/use-narrow";
import { counted, text } from "@/lib/messages";
import type { Lobby } from "@/lib/use-lobby";

/** The panel, for what opens it. */
export const SIDE_PANEL = "call-side";

export function SideButtons({ lobby }: { lobby: Lobby }) {
  const others = useRemoteParticipants();
  const unread = useSaid((said) => said.unread);
  const { side, toggleSide } = useTalk();
  const narrow = useNarrow();
  const waiting = lobby.waiters.length;
  const people = [
    text("people.open", { count: others.length + 1 }),
    ...(waiting > 0 ? [counted("lobby.someWait", waiting)] : []),
  ];
  const chat = [text("chat.open"), ...(unread > 0 ? [counted("chat.unread", unread)] : [])];

  return (
    <>
      {/* On a phone the panel itself and the menu lead to them. */}
      {!narrow && (
        <button
          className="call-button side-button"
          type="button"
          data-hint={text("call.hint", { what: text("people.heading"), key: keyOf("people") })}
          aria-keyshortcuts={keyOf("people")}
          aria-label={people.join(", ")}
          aria-expanded={side === "people"}
          aria-controls={side === "people" ? SIDE_PANEL : undefined}
          data-waiting={waiting > 0 || undefined}
          onClick={() => toggleSide("people")}
        >
          <PeopleMark />
          <span className="count">{others.length + 1}</span>
          {waiting > 0 && <span className="badge" />}
        </button>
      )}
      <button
        className="call-button side-button"
        type="button"
        data-hint={text("call.hint", { what: text("chat.open"), key: keyOf("chat") })}
        aria-keyshortcuts={keyOf("chat")}
        aria-label={chat.join(", ")}
        aria-expanded={side === "chat"}
        aria-controls={side === "chat" ? SIDE_PANEL : undefined}
        onClick={() => toggleSide("chat")}
      >
        <ChatMark />
        {unread > 0 && <span className="badge">{unread}</span>}
      </button>
    </>
  );
}
