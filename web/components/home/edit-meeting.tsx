// A meeting that there is, read afresh and put into the form.
"use client";

import type { Meeting } from "@meetbox/client";
import { MeetingForm } from "@/components/home/meeting-form";
import { Modal } from "@/components/modal";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { read } from "@/lib/meetings";
import { text } from "@/lib/messages";
import { useLoaded } from "@/lib/use-loaded";

interface EditMeetingProps {
  meeting: Meeting;
  onClose: () => void;
  onDone: () => void;
}

export function EditMeeting({ meeting, onClose, onDone }: EditMeetingProps) {
  const [found, again] = useLoaded({ key: meeting.id, ask: () => read(meeting.id) });
  return (
    <Modal title={text("meetingForm.edit")} onClose={onClose} wide>
      {found.state === "loading" && <Skeleton rows={6} />}
      {found.state === "failed" && <Retry failure={found.failure} onRetry={again} />}
      {found.state === "ready" && (
        <MeetingForm
          key={found.value.tag}
          before={found.value}
          onClose={onClose}
          onDone={onDone}
          onStale={again}
        />
      )}
    </Modal>
  );
}
