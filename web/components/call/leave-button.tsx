// The way out. Hosts with others around them are asked whether they go alone.
"use client";

import { useRemoteParticipants } from "@livekit/components-react";
import { LeaveIcon } from "@/components/icons";
import { Menu } from "@/components/menu";
import { endForAll, type Chair } from "@/lib/hosting";
import { text } from "@/lib/messages";
import { inWords } from "@/lib/problems";
import { toast } from "@/lib/toasts";

export function LeaveButton({ chair, onLeave }: { chair: Chair | undefined; onLeave: () => void }) {
  const others = useRemoteParticipants();
  const label = text("call.leave");

  if (!chair || others.length === 0)
    return (
      <button
        className="call-button leave"
        type="button"
        aria-label={label}
        data-hint={label}
        onClick={onLeave}
      >
        <LeaveIcon />
      </button>
    );

  const end = async () => {
    const answer = await endForAll(chair);
    if (!answer.ok) toast(inWords(answer.failure));
  };
  return (
    <Menu
      className="call-button leave"
      label={label}
      face={<LeaveIcon />}
      items={[
        { label: text("call.leaveAlone"), onSelect: onLeave },
        { label: text("call.endForAll"), danger: true, onSelect: () => void end() },
      ]}
    />
  );
}
