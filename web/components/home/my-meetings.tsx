// Meetings that go on, are planned, or were: kept fresh while somebody looks, with what can be done about each.
"use client";

import type { Account, Meeting } from "@meetbox/client";
import dynamic from "next/dynamic";
import { useState, type ReactNode } from "react";
import { MeetingRow, type MeetingDeed } from "@/components/home/meeting-row";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { meetingGroups, type LiveMeeting, type MeetingGroups } from "@/lib/meetings";
import { counted, text } from "@/lib/messages";
import { toast } from "@/lib/toasts";
import { useLoaded } from "@/lib/use-loaded";
import "@/styles/meetings.css";

// Each is seldom needed, and never at once.
const MakeMeeting = dynamic(() => import("./make-meeting").then((part) => part.MakeMeeting), { ssr: false });
const EditMeeting = dynamic(() => import("./edit-meeting").then((part) => part.EditMeeting), { ssr: false });
const Invite = dynamic(() => import("./invite").then((part) => part.Invite), { ssr: false });
const EndMeeting = dynamic(() => import("./end-meeting").then((part) => part.EndMeeting), { ssr: false });
const DeleteMeeting = dynamic(() => import("./delete-meeting").then((part) => part.DeleteMeeting), {
  ssr: false,
});

/** Shown at first, and with each press on the button more. */
const STEP = 10;
const PAGE = 50;

// People come and go in what is live; plans change seldom.
const pause = ({ live }: MeetingGroups) => (live.length > 0 ? 10 : 20);

type Doing = { deed: "make" } | { deed: MeetingDeed; meeting: Meeting };

export function MyMeetings({ account }: { account: Account }) {
  const [shown, setShown] = useState(STEP);
  const [doing, setDoing] = useState<Doing>();
  const pages = Math.ceil(shown / PAGE);
  const [groups, again] = useLoaded({
    key: `meetings ${pages}`,
    ask: () => meetingGroups(pages),
    every: pause,
  });

  const close = () => setDoing(undefined);
  const done = (words: string) => {
    close();
    toast(words);
    again();
  };

  return (
    <section className="part mine" aria-labelledby="mine">
      <div className="head">
        <h2 id="mine">{text(account.role === "admin" ? "meetings.all" : "meetings.mine")}</h2>
        <button className="button" type="button" onClick={() => setDoing({ deed: "make" })}>
          {text("meetings.plan")}
        </button>
      </div>
      {groups.state === "loading" && <Skeleton />}
      {groups.state === "failed" && <Retry failure={groups.failure} onRetry={again} />}
      {groups.state === "ready" && (
        <Groups
          groups={groups.value}
          account={account}
          shown={shown}
          onMore={() => setShown(shown + STEP)}
          onDeed={(deed, meeting) => setDoing({ deed, meeting })}
        />
      )}
      {doing && <Deed doing={doing} onClose={close} onDone={done} onInvite={setDoing} />}
    </section>
  );
}

interface DeedProps {
  doing: Doing;
  onClose: () => void;
  onDone: (words: string) => void;
  onInvite: (next: Doing) => void;
}

function Deed({ doing, onClose, onDone, onInvite }: DeedProps) {
  switch (doing.deed) {
    case "make":
      return (
        <MakeMeeting
          onClose={onClose}
          onDone={(meeting) => {
            onDone(text("meetings.made"));
            onInvite({ deed: "invite", meeting });
          }}
        />
      );
    case "edit":
      return (
        <EditMeeting
          meeting={doing.meeting}
          onClose={onClose}
          onDone={() => onDone(text("meetings.changed"))}
        />
      );
    case "invite":
      return <Invite meeting={doing.meeting} onClose={onClose} />;
    case "end":
      return (
        <EndMeeting meeting={doing.meeting} onClose={onClose} onDone={() => onDone(text("meetings.ended"))} />
      );
    case "delete":
      return (
        <DeleteMeeting
          meeting={doing.meeting}
          onClose={onClose}
          onDone={() => onDone(text("meetings.deleted"))}
        />
      );
  }
}

interface GroupsProps {
  groups: MeetingGroups;
  account: Account;
  shown: number;
  onMore: () => void;
  onDeed: (deed: MeetingDeed, meeting: Meeting) => void;
}

function Groups({ groups, account, shown, onMore, onDeed }: GroupsProps) {
  const { live, upcoming, recent } = groups;
  const recentShown = recent.items.slice(0, shown);
  const row = (meeting: Meeting, note?: string) => (
    <MeetingRow key={meeting.id} meeting={meeting} account={account} note={note} onDeed={onDeed} />
  );

  if (live.length + upcoming.length + recent.items.length === 0 && !recent.more)
    return (
      <div className="empty">
        <p>{text("meetings.none")}</p>
      </div>
    );
  return (
    <>
      <Group title={text("meetings.live")}>{live.map((it) => row(it.meeting, whoIsIn(it)))}</Group>
      <Group title={text("meetings.upcoming")}>
        {upcoming.slice(0, shown).map((meeting) => row(meeting))}
      </Group>
      <Group title={text("meetings.recent")}>{recentShown.map((meeting) => row(meeting))}</Group>
      {(recent.more || recent.items.length > shown || upcoming.length > shown) && (
        <button className="button more" type="button" onClick={onMore}>
          {text("app.more")}
        </button>
      )}
    </>
  );
}

function Group({ title, children }: { title: string; children: ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <section className="group" aria-label={title}>
      <h3>{title}</h3>
      <ul className="things">{children}</ul>
    </section>
  );
}

/** Who is in a meeting, by name as long as they are few. */
function whoIsIn({ names, more }: LiveMeeting): string {
  if (names.length === 0) return text("meetings.nobodyIn");
  const list = names.join(", ");
  return more
    ? text("meetings.inAndMore", { names: list })
    : counted("meetings.in", names.length, { names: list });
}
