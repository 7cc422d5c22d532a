// The panel beside the pictures: people or chat. On a phone it covers the window until it is closed.
"use client";

import { useEffect, useRef, useState, type ReactNode } from "react";
import { RecordingStatus } from "@/components/call/recording-mark";
import { SIDE_PANEL } from "@/components/call/side/buttons";
import { Chat } from "@/components/call/side/chat";
import { People } from "@/components/call/side/people";
import { useSaid, useTalk } from "@/components/call/side/talking";
import { CloseIcon } from "@/components/icons";
import type { Side } from "@/lib/call/side/talk-state";
import { useNarrow } from "@/lib/call/use-narrow";
import type { Chair } from "@/lib/hosting";
import { counted, text } from "@/lib/messages";
import type { Lobby } from "@/lib/use-lobby";

interface SidePanelProps {
  /** The right to run the meeting, for hosts. */
  chair: Chair | undefined;
  lobby: Lobby;
  roomName: string;
}

export function SidePanel(props: SidePanelProps) {
  const { side } = useTalk();
  return side ? <OpenPanel {...props} side={side} /> : null;
}

function OpenPanel({ chair, lobby, roomName, side }: SidePanelProps & { side: Side }) {
  const coversAll = useNarrow();
  useFocusBack();
  const body = (
    <>
      <Head side={side} waiting={lobby.waiters.length} />
      {side === "people" ? <People chair={chair} lobby={lobby} roomName={roomName} /> : <Chat />}
    </>
  );
  return coversAll ? (
    <Sheet label={labelOf(side)}>{body}</Sheet>
  ) : (
    <Beside label={labelOf(side)}>{body}</Beside>
  );
}

const labelOf = (side: Side) => text(side === "people" ? "people.heading" : "chat.heading");

function Beside({ label, children }: { label: string; children: ReactNode }) {
  const { closeSide } = useTalk();
  const aside = useRef<HTMLElement>(null);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      // A button that was pressed may be gone, and the focus with it. A dialog over the panel closes itself.
      const isHere =
        document.activeElement === document.body || aside.current?.contains(document.activeElement);
      if (!isHere || document.querySelector("dialog[open], :popover-open")) return;
      event.preventDefault();
      closeSide();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [closeSide]);

  return (
    <aside id={SIDE_PANEL} className="side" aria-label={label} ref={aside}>
      {children}
    </aside>
  );
}

/** A dialog keeps the focus in it, so that nobody wanders about behind it. */
function Sheet({ label, children }: { label: string; children: ReactNode }) {
  const { closeSide } = useTalk();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      id={SIDE_PANEL}
      className="side sheet"
      aria-label={label}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        closeSide();
      }}
    >
      <RecordingStatus className="sheet-status small" />
      {children}
    </dialog>
  );
}

function Head({ side, waiting }: { side: Side; waiting: number }) {
  const { closeSide, toggleSide } = useTalk();
  const unread = useSaid((said) => said.unread);
  const heading = useRef<HTMLHeadingElement>(null);
  // On a phone a keyboard would come up at once and hide half of what was said; the heading is where to begin.
  useEffect(() => heading.current?.focus(), [side]);

  const other = side === "people" ? "chat" : "people";
  const news = other === "chat" ? unread : waiting;
  const said = other === "chat" ? counted("chat.unread", news) : counted("lobby.someWait", news);
  return (
    <header className="side-head">
      <h2 ref={heading} tabIndex={-1}>
        {labelOf(side)}
      </h2>
      <button
        className="button quiet side-other"
        type="button"
        aria-label={news > 0 ? `${labelOf(other)}, ${said}` : labelOf(other)}
        onClick={() => toggleSide(other)}
      >
        {labelOf(other)} {news > 0 && <span className="badge">{news}</span>}
      </button>
      <button className="icon-button" type="button" aria-label={text("people.close")} onClick={closeSide}>
        <CloseIcon />
      </button>
    </header>
  );
}

/** Whoever was in the panel when it closes gets back to where they came from. */
function useFocusBack() {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      const isLost = document.activeElement === null || document.activeElement === document.body;
      if (isLost && opener instanceof HTMLElement && opener.isConnected) opener.focus();
    },
    [opener],
  );
}
