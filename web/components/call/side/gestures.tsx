// Raising a hand, and reacting without a word.
"use client";

import { useLocalParticipantPermissions } from "@livekit/components-react";
import { useRef, type ToggleEvent } from "react";
import { HandMarkIcon, ReactionMark, SmileMark } from "@/components/call/side/marks";
import { useTalk, useTalking } from "@/components/call/side/talking";
import { keyOf } from "@/lib/call/keys";
import { REACTIONS } from "@/lib/call/side/wire";
import { useNarrow } from "@/lib/call/use-narrow";
import { text } from "@/lib/messages";

const MENU = "call-reactions";

/** In pixels: the gap between a button and what opens above it, and the least distance to the window's edge. */
const GAP = 8;

export function GestureButtons() {
  const { handRaised } = useTalk();
  const narrow = useNarrow();
  const permissions = useLocalParticipantPermissions();
  const mayTalk = permissions?.canPublishData !== false;
  const opener = useRef<HTMLButtonElement>(null);

  const place = ({ newState, currentTarget: menu }: ToggleEvent<HTMLDivElement>) => {
    const button = opener.current?.getBoundingClientRect();
    if (newState !== "open" || !button) return;
    const most = window.innerWidth - menu.offsetWidth - GAP;
    const wanted = button.left + button.width / 2 - menu.offsetWidth / 2;
    menu.style.left = `${Math.max(GAP, Math.min(wanted, most))}px`;
    menu.style.bottom = `${window.innerHeight - button.top + GAP}px`;
    menu.querySelector("button")?.focus();
  };

  return (
    <>
      {!narrow && <HandButton disabled={!mayTalk} />}
      <button
        ref={opener}
        className="call-button gesture"
        type="button"
        popoverTarget={MENU}
        data-hand={(handRaised && narrow) || undefined}
        data-hint={text("reaction.open")}
        aria-label={
          narrow && handRaised ? `${text("reaction.open")}, ${text("hand.up")}` : text("reaction.open")
        }
        disabled={!mayTalk}
      >
        <SmileMark />
      </button>
      <div
        id={MENU}
        className="reaction-menu card"
        popover="auto"
        role="group"
        aria-label={text("reaction.open")}
        onToggle={place}
      >
        {/* A phone's bar has no room for it. */}
        {narrow && <HandButton disabled={!mayTalk} closes />}
        <ReactionChoice />
      </div>
    </>
  );
}

function HandButton({ disabled, closes }: { disabled: boolean; closes?: boolean }) {
  const { handRaised, toggleHand } = useTalk();
  return (
    <button
      className="call-button gesture"
      type="button"
      data-hint={text("call.hint", { what: text("hand.raise"), key: keyOf("hand") })}
      aria-label={text("hand.raise")}
      aria-pressed={handRaised}
      aria-keyshortcuts={keyOf("hand")}
      disabled={disabled}
      popoverTarget={closes ? MENU : undefined}
      popoverTargetAction={closes ? "hide" : undefined}
      onClick={toggleHand}
    >
      <HandMarkIcon />
    </button>
  );
}

function ReactionChoice() {
  const { talker } = useTalking();
  return REACTIONS.map((which) => (
    <button
      key={which}
      className="icon-button"
      type="button"
      data-reaction={which}
      aria-label={text(`reaction.${which}`)}
      title={text(`reaction.${which}`)}
      popoverTarget={MENU}
      popoverTargetAction="hide"
      onClick={() => talker.react(which)}
    >
      <ReactionMark which={which} size={28} />
    </button>
  ));
}
