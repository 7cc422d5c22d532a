// Asks a host before the meeting is over for everybody.
"use client";

import { Confirm } from "@/components/confirm";
import { endForAll, type Chair } from "@/lib/hosting";
import { text } from "@/lib/messages";

export function EndForAll({ chair, onClose }: { chair: Chair; onClose: () => void }) {
  return (
    <Confirm
      title={text("host.endSure")}
      label={text("host.endYes")}
      act={() => endForAll(chair)}
      onDone={onClose}
      onClose={onClose}
    >
      <p>{text("host.endMeans")}</p>
    </Confirm>
  );
}
