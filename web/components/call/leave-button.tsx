// The way out. Hosts with others around them are asked whether they go alone.
"use client";

import { useRemoteParticipants } from "@livekit/components-react";
import { useState } from "react";
import { EndForAll } from "@/components/call/side/end-for-all";
import { LeaveIcon } from "@/components/icons";
import { Menu } from "@/components/menu";
import type { Chair } from "@/lib/hosting";
import { text } from "@/lib/messages";

export function LeaveButton({ chair, onLeave }: { chair: Chair | undefined; onLeave: () => void }) {
  const others = useRemoteParticipants();
  const label = text("call.leave");
  const [asksEnd, setAsksEnd] = useState(false);

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

  return (
    <>
      <Menu
        className="call-button leave"
        label={label}
        face={<LeaveIcon />}
        items={[
          { label: text("call.leaveAlone"), onSelect: onLeave },
          { label: text("call.endForAll"), danger: true, onSelect: () => setAsksEnd(true) },
        ]}
      />
      {asksEnd && <EndForAll chair={chair} onClose={() => setAsksEnd(false)} />}
    </>
  );
}
