// What hosts decide about the meeting as a whole: who can come, who may share, recording, and the end for all.
"use client";

import { useRoomInfo } from "@livekit/components-react";
import type { Meeting } from "@meetbox/client";
import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { RecordTool } from "@/components/call/side/record-tool";
import { useTalking } from "@/components/call/side/talking";
import { Confirm } from "@/components/confirm";
import { CopyLink } from "@/components/copy-link";
import {
  audible,
  letShare,
  mayShare,
  meetingOf,
  muteAll,
  withShare,
  type Bench,
} from "@/lib/call/side/decrees";
import type { Person } from "@/lib/call/side/person";
import { endForAll, lock, unlock } from "@/lib/hosting";
import { text } from "@/lib/messages";
import { isLocked } from "@/lib/standing";

const Invite = dynamic(() => import("@/components/home/invite").then((module) => module.Invite));

interface MeetingToolsProps {
  bench: Bench;
  people: readonly Person[];
  roomName: string;
}

export function MeetingTools({ bench, people, roomName }: MeetingToolsProps) {
  const { chair, decree } = bench;
  const { metadata } = useRoomInfo();
  const locked = isLocked(metadata);
  const [asksEnd, setAsksEnd] = useState(false);
  const [meeting, setMeeting] = useOwnMeeting(bench);

  return (
    <details className="meeting-tools" open>
      <summary>{text("host.meeting")}</summary>
      <p className="small" role="status">
        {text(locked ? "host.isLocked" : "host.isOpen")}
      </p>
      <div className="tools">
        <button className="button" type="button" onClick={() => void decree(locked ? unlock : lock)}>
          {text(locked ? "host.unlock" : "host.lock")}
        </button>
        <MuteAll bench={bench} people={people} />
        {meeting ? <InviteTool meeting={meeting} /> : <CopyLink />}
        <RecordTool chair={chair} roomName={roomName} />
        <button className="button" type="button" onClick={() => setAsksEnd(true)}>
          {text("host.end")}
        </button>
      </div>
      {meeting && <ShareForAll bench={bench} meeting={meeting} onChanged={setMeeting} />}
      {asksEnd && (
        <Confirm
          title={text("host.endSure")}
          label={text("host.endYes")}
          act={() => endForAll(chair)}
          onDone={() => setAsksEnd(false)}
          onClose={() => setAsksEnd(false)}
        >
          <p>{text("host.endMeans")}</p>
        </Confirm>
      )}
    </details>
  );
}

/** The meeting with its policy, for whoever owns it; a host by invitation or by promotion has it only while it goes on. */
function useOwnMeeting({ chair }: Bench): [Meeting | undefined, (meeting: Meeting) => void] {
  const [meeting, setMeeting] = useState<Meeting>();
  useEffect(() => {
    if (chair.ticket) return;
    let gone = false;
    void meetingOf(chair).then((answer) => {
      if (!gone && answer.ok) setMeeting(answer.value);
    });
    return () => {
      gone = true;
    };
  }, [chair]);
  return [meeting, setMeeting];
}

function MuteAll({ bench, people }: { bench: Bench; people: readonly Person[] }) {
  const { talker } = useTalking();
  const [busy, setBusy] = useState(false);

  const act = async () => {
    setBusy(true);
    await bench.decree((chair) =>
      muteAll(chair, people, ({ identity }) => talker.tellStopped(identity, "microphone")),
    );
    setBusy(false);
  };
  return (
    <button
      className="button"
      type="button"
      disabled={busy || audible(people).length === 0}
      onClick={() => void act()}
    >
      {text(busy ? "app.busy" : "host.muteAll")}
    </button>
  );
}

function InviteTool({ meeting }: { meeting: Meeting }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button className="button" type="button" onClick={() => setOpen(true)}>
        {text("host.invite")}
      </button>
      {open && <Invite meeting={meeting} onClose={() => setOpen(false)} />}
    </>
  );
}

interface ShareForAllProps {
  bench: Bench;
  meeting: Meeting;
  onChanged: (meeting: Meeting) => void;
}

/** What speakers may do is the meeting's; what one of them may do is their role. */
function ShareForAll({ bench, meeting, onChanged }: ShareForAllProps) {
  const [busy, setBusy] = useState(false);
  const may = mayShare(meeting.publish);

  const change = async () => {
    setBusy(true);
    await bench.decree(async (chair) => {
      const answer = await letShare(chair, withShare(meeting.publish, !may));
      if (answer.ok) onChanged(answer.value);
      return answer;
    });
    setBusy(false);
  };
  return (
    <label className="check">
      <input type="checkbox" checked={may} disabled={busy} onChange={() => void change()} />
      {text("host.mayShare")}
    </label>
  );
}
