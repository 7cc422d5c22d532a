// Deletes a meeting, after saying what goes with it; recordings stand in the way.
"use client";

import type { Meeting } from "@meetbox/client";
import { Confirm } from "@/components/confirm";
import { nameOf, remove } from "@/lib/meetings";
import { text } from "@/lib/messages";

interface DeleteMeetingProps {
  meeting: Meeting;
  onClose: () => void;
  onDone: () => void;
}

export function DeleteMeeting({ meeting, onClose, onDone }: DeleteMeetingProps) {
  return (
    <Confirm
      title={text("meetings.deleteSure", { name: nameOf(meeting) })}
      label={text("meetings.deleteYes")}
      act={() => remove(meeting.id)}
      onClose={onClose}
      onDone={onDone}
    >
      <p>{text("meetings.deleteWhat")}</p>
      {meeting.state === "live" && <p>{text("meetings.deleteLive")}</p>}
      <p className="small">{text("meetings.deleteRecordings")}</p>
    </Confirm>
  );
}
