// One participant in the hosts' list, and what hosts decide about them.
"use client";

import { useIsMuted, useParticipantAttributes } from "@livekit/components-react";
import type { MeetingRole } from "@meetbox/client";
import { Track, type RemoteParticipant } from "livekit-client";
import type { Decree } from "@/components/call/side/host-panel";
import { giveRole, mute, remove } from "@/lib/hosting";
import { text } from "@/lib/messages";
import { isGuest, roleOf } from "@/lib/standing";

const roles: MeetingRole[] = ["host", "speaker", "viewer"];

export function PersonRow({ participant, decree }: { participant: RemoteParticipant; decree: Decree }) {
  const { attributes } = useParticipantAttributes({ participant });
  const muted = useIsMuted({ participant, source: Track.Source.Microphone });
  const { identity } = participant;
  const name = participant.name || identity;
  const microphone = participant.getTrackPublication(Track.Source.Microphone);

  return (
    <li className="row">
      <span className="name">
        {name} {isGuest(attributes) && <span className="small">{text("people.guest")}</span>}
      </span>
      <select
        aria-label={text("people.roleOf", { name })}
        value={roleOf(attributes) ?? "speaker"}
        onChange={(event) => {
          const role = event.target.value as MeetingRole;
          void decree((chair) => giveRole(chair, identity, role));
        }}
      >
        {roles.map((role) => (
          <option key={role} value={role}>
            {text(`people.role.${role}`)}
          </option>
        ))}
      </select>
      <button
        className="button quiet"
        type="button"
        aria-label={text("people.muteNamed", { name })}
        disabled={muted || !microphone}
        onClick={() => {
          if (microphone) void decree((chair) => mute(chair, identity, microphone.trackSid));
        }}
      >
        {text("people.mute")}
      </button>
      <button
        className="button quiet"
        type="button"
        aria-label={text("people.removeNamed", { name })}
        onClick={() => void decree((chair) => remove(chair, identity))}
      >
        {text("people.remove")}
      </button>
    </li>
  );
}
