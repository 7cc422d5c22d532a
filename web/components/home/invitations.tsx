// Links of their own for some people: in a role, until a day, for so many; made, listed, taken back.
"use client";

import type { Invitation, NewInvitationView } from "@meetbox/client";
import { useState } from "react";
import { CopyField } from "@/components/copy-field";
import { InvitationForm } from "@/components/home/invitation-form";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { moment } from "@/lib/format";
import { invitations, uninvite } from "@/lib/meetings";
import { counted, text } from "@/lib/messages";
import { inWords } from "@/lib/problems";
import { toast } from "@/lib/toasts";
import { useList } from "@/lib/use-loaded";

export function Invitations({ meetingId }: { meetingId: string }) {
  const [made, setMade] = useState<NewInvitationView>();
  const [making, setMaking] = useState(false);
  const { list, again, showMore } = useList({
    key: meetingId,
    page: (cursor) => invitations(meetingId, cursor),
  });

  const takeBack = async (invitation: Invitation) => {
    const answer = await uninvite(meetingId, invitation.id);
    toast(answer.ok ? text("invitations.revoked") : inWords(answer.failure));
    if (made?.invitation.id === invitation.id) setMade(undefined);
    again();
  };

  return (
    <section className="part" aria-labelledby="invitations">
      <div className="head">
        <h3 id="invitations">{text("invitations.heading")}</h3>
        {!making && (
          <button className="button" type="button" onClick={() => setMaking(true)}>
            {text("invitations.make")}
          </button>
        )}
      </div>
      <p className="small">{text("invitations.intro")}</p>
      {making && (
        <InvitationForm
          meetingId={meetingId}
          onClose={() => setMaking(false)}
          onMade={(invitation) => {
            setMade(invitation);
            setMaking(false);
            again();
          }}
        />
      )}
      {made && (
        <div className="note stack" role="status">
          <CopyField
            id="invitation-link"
            label={text("invitations.link")}
            value={window.location.origin + made.path}
            hint={text("invitations.once")}
          />
        </div>
      )}
      {list.state === "loading" && <Skeleton rows={1} />}
      {list.state === "failed" && <Retry failure={list.failure} onRetry={again} />}
      {list.state === "ready" && list.value.items.length > 0 && (
        <ul className="things">
          {list.value.items.map((invitation) => (
            <Row key={invitation.id} invitation={invitation} onRevoke={() => takeBack(invitation)} />
          ))}
        </ul>
      )}
      {list.state === "ready" && list.value.more && (
        <button className="button more" type="button" onClick={showMore}>
          {text("app.more")}
        </button>
      )}
    </section>
  );
}

/** Whether nobody else can come in with it. */
function isOver({ revoked_at, expires_at, max_uses, uses }: Invitation): boolean {
  const expired = expires_at !== undefined && new Date(expires_at) <= new Date();
  return revoked_at !== undefined || expired || (max_uses !== undefined && uses >= max_uses);
}

function Row({ invitation, onRevoke }: { invitation: Invitation; onRevoke: () => void }) {
  const { label, role, created_at, expires_at, max_uses, uses, revoked_at } = invitation;
  const name = label || text("invitations.unnamed", { when: moment(created_at) });
  return (
    <li className="thing">
      <div className="about">
        <span className="name">{name}</span>
        <span className="facts">
          <span>{text(`people.role.${role}`)}</span>
          <span>
            {max_uses === undefined
              ? counted("invitations.uses", uses)
              : text("invitations.usesOf", { uses, most: max_uses })}
          </span>
          {expires_at && <span>{text("invitations.until", { when: moment(expires_at) })}</span>}
        </span>
      </div>
      <div className="does">
        {isOver(invitation) && (
          <span className="tag">{text(revoked_at ? "invitations.isRevoked" : "invitations.isOver")}</span>
        )}
        {!revoked_at && (
          <button
            className="button"
            type="button"
            onClick={onRevoke}
            aria-label={text("invitations.revokeNamed", { name })}
          >
            {text("invitations.revoke")}
          </button>
        )}
      </div>
    </li>
  );
}
