// Inviting people to a meeting: the link for everybody, a text to send it with, and links of their own for some.
"use client";

import type { Meeting } from "@meetbox/client";
import { CopyField } from "@/components/copy-field";
import { Invitations } from "@/components/home/invitations";
import { Modal } from "@/components/modal";
import { longMoment } from "@/lib/format";
import { linkTo, nameOf } from "@/lib/meetings";
import { text } from "@/lib/messages";

export function Invite({ meeting, onClose }: { meeting: Meeting; onClose: () => void }) {
  const link = linkTo(meeting.room_name);
  return (
    <Modal title={text("invite.heading", { name: nameOf(meeting) })} onClose={onClose} wide>
      <CopyField
        id="invite-link"
        label={text("invite.link")}
        value={link}
        hint={text(`invite.linkHint.${meeting.access}`)}
      />
      <CopyField
        id="invite-text"
        label={text("invite.text")}
        value={invitationText(meeting, link)}
        lines={4}
      />
      <Invitations meetingId={meeting.id} />
    </Modal>
  );
}

/** To be pasted into a mail or a chat. */
function invitationText(meeting: Meeting, link: string): string {
  const { starts_at } = meeting;
  const planned = meeting.state === "upcoming" && starts_at;
  return [
    text("invite.textTitle", { name: nameOf(meeting) }),
    ...(planned ? [text("invite.textWhen", { when: longMoment(starts_at) })] : []),
    text("invite.textLink", { link }),
  ].join("\n");
}
