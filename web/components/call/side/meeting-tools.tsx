// What hosts decide about the meeting as a whole: who can come, who may share, recording, and the end for all.
"use client";

import { useRoomInfo } from "@livekit/components-react";
import dynamic from "next/dynamic";
import { useCallback, useEffect, useState } from "react";
import { EndForAll } from "@/components/call/side/end-for-all";
import { RecordTool } from "@/components/call/side/record-tool";
import { useTalking } from "@/components/call/side/talking";
import { Late } from "@/components/late";
import { CopyLink } from "@/components/copy-link";
import { useNarrow } from "@/lib/call/use-narrow";
import { audible, mayShare, muteAll, withShare, type Bench } from "@/lib/call/side/decrees";
import type { Person } from "@/lib/call/side/person";
import { lock, unlock } from "@/lib/hosting";
import { change, read, type ReadMeeting } from "@/lib/meetings";
import { text } from "@/lib/messages";
import { isLocked } from "@/lib/standing";

// Waits within a boundary of its own: without `ssr: false` the whole call would be put away until it is there.
const Invite = dynamic(() => import("@/components/home/invite").then((module) => module.Invite), {
  ssr: false,
});

interface MeetingToolsProps {
  bench: Bench;
  people: readonly Person[];
  roomName: string;
}

export function MeetingTools({ bench, people, roomName }: MeetingToolsProps) {
  const { chair, decree } = bench;
  const { metadata } = useRoomInfo();
  const locked = isLocked(metadata);
  // On a phone the people come first.
  const narrow = useNarrow();
  const [hasRoom] = useState(!narrow);
  const [asksEnd, setAsksEnd] = useState(false);
  const [own, readAgain] = useOwnMeeting(bench);

  return (
    <details className="meeting-tools" open={hasRoom}>
      <summary>{text("host.meeting")}</summary>
      <p className="small" role="status">
        {text(locked ? "host.isLocked" : "host.isOpen")}
      </p>
      <div className="tools">
        <button className="button" type="button" onClick={() => void decree(locked ? unlock : lock)}>
          {text(locked ? "host.unlock" : "host.lock")}
        </button>
        <MuteAll bench={bench} people={people} />
        {own ? (
          <Late instead={<CopyLink />}>
            <InviteTool {...own} />
          </Late>
        ) : (
          <CopyLink />
        )}
        <RecordTool chair={chair} roomName={roomName} />
        <button className="button wide" type="button" onClick={() => setAsksEnd(true)}>
          {text("host.end")}
        </button>
      </div>
      {own && <ShareForAll bench={bench} own={own} onChanged={readAgain} />}
      {asksEnd && <EndForAll chair={chair} onClose={() => setAsksEnd(false)} />}
    </details>
  );
}

/** The meeting with its policy, for whoever owns it; a host by invitation or by promotion has it only while it goes on. */
function useOwnMeeting({ chair }: Bench): [ReadMeeting | undefined, () => Promise<void>] {
  const { meetingId, ticket } = chair;
  const [own, setOwn] = useState<ReadMeeting>();
  const readAgain = useCallback(async () => {
    // A guest's ticket does not go that far.
    if (ticket) return;
    const answer = await read(meetingId);
    if (answer.ok) setOwn(answer.value);
  }, [meetingId, ticket]);

  useEffect(() => {
    const timer = setTimeout(() => void readAgain());
    return () => clearTimeout(timer);
  }, [readAgain]);
  return [own, readAgain];
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

function InviteTool({ meeting }: ReadMeeting) {
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
  own: ReadMeeting;
  onChanged: () => Promise<void>;
}

/** What speakers may do is the meeting's; what one of them may do is their role. */
function ShareForAll({ bench, own, onChanged }: ShareForAllProps) {
  const { publish } = own.meeting;
  const [wanted, setWanted] = useState<boolean>();
  const may = wanted ?? mayShare(publish);

  const decide = async (next: boolean) => {
    setWanted(next);
    await bench.decree(() => change(own, { publish: withShare(publish, next) }));
    await onChanged();
    setWanted(undefined);
  };
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={may}
        disabled={wanted !== undefined}
        onChange={(event) => void decide(event.target.checked)}
      />
      {text("host.mayShare")}
    </label>
  );
}
