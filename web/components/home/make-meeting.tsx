// A new meeting, for later or to be ready when somebody comes.
"use client";

import type { Meeting } from "@meetbox/client";
import { MeetingForm } from "@/components/home/meeting-form";
import { Modal } from "@/components/modal";
import { text } from "@/lib/messages";

interface MakeMeetingProps {
  onClose: () => void;
  onDone: (meeting: Meeting) => void;
}

export function MakeMeeting({ onClose, onDone }: MakeMeetingProps) {
  return (
    <Modal title={text("meetingForm.make")} onClose={onClose} wide>
      <MeetingForm onClose={onClose} onDone={onDone} />
    </Modal>
  );
}
