// Ends the sitting of a meeting for everybody who is in it.
"use client";

import type { Meeting } from "@meetbox/client";
import { Confirm } from "@/components/confirm";
import { end, nameOf } from "@/lib/meetings";
import { text } from "@/lib/messages";

interface EndMeetingProps {
  meeting: Meeting;
  onClose: () => void;
  onDone: () => void;
}

export function EndMeeting({ meeting, onClose, onDone }: EndMeetingProps) {
  return (
    <Confirm
      title={text("meetings.endSure", { name: nameOf(meeting) })}
      label={text("meetings.endYes")}
      act={() => end(meeting.id)}
      onClose={onClose}
      onDone={onDone}
    >
      <p>{text("meetings.endWhat")}</p>
    </Confirm>
  );
}
