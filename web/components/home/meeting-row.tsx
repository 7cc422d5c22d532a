// One meeting in the list: what it is, when, and what can be done about it.
"use client";

import type { Account, Meeting } from "@meetbox/client";
import { MoreIcon } from "@/components/icons";
import { Menu } from "@/components/menu";
import { copy } from "@/lib/clipboard";
import { fromNow, moment } from "@/lib/format";
import { lastHeld, linkTo, nameOf } from "@/lib/meetings";
import { text, type MessageKey } from "@/lib/messages";
import { toast } from "@/lib/toasts";

export type MeetingDeed = "edit" | "invite" | "end" | "delete";

interface MeetingRowProps {
  meeting: Meeting;
  account: Account;
  /** Who is in it. */
  note?: string;
  onDeed: (deed: MeetingDeed, meeting: Meeting) => void;
}

export function MeetingRow({ meeting, account, note, onDeed }: MeetingRowProps) {
  const { room_name, state } = meeting;
  const name = nameOf(meeting);
  const items = [
    { label: text("meetings.invite"), onSelect: () => onDeed("invite", meeting) },
    { label: text("meetings.edit"), onSelect: () => onDeed("edit", meeting) },
    { label: text("meetings.recordings"), href: `/app/recordings?meeting=${room_name}` },
    ...(state === "live"
      ? [{ label: text("meetings.end"), onSelect: () => onDeed("end", meeting), danger: true }]
      : []),
    { label: text("meetings.delete"), onSelect: () => onDeed("delete", meeting), danger: true },
  ];

  return (
    <li className="thing">
      <div className="about">
        <span className="name">{name}</span>
        <span className="facts">
          {meeting.title && <span>{room_name}</span>}
          <When meeting={meeting} />
        </span>
        {note && <span className="who">{note}</span>}
        <Tags meeting={meeting} account={account} />
      </div>
      <div className="does">
        <a
          className={state === "live" ? "button primary" : "button"}
          href={`/m/${room_name}`}
          aria-label={text("meetings.joinNamed", { name })}
        >
          {text("home.join")}
        </a>
        <CopyInvitation meeting={meeting} onDeed={onDeed} />
        <Menu label={text("meetings.more", { name })} face={<MoreIcon />} items={items} />
      </div>
    </li>
  );
}

/** The link on the clipboard; where browsers refuse that, the dialog shows it. */
function CopyInvitation({ meeting, onDeed }: Pick<MeetingRowProps, "meeting" | "onDeed">) {
  const copyLink = async () => {
    if (await copy(linkTo(meeting.room_name))) toast(text("meetings.linkCopied"));
    else onDeed("invite", meeting);
  };
  return (
    <button
      className="button"
      type="button"
      onClick={copyLink}
      aria-label={text("meetings.copyNamed", { name: nameOf(meeting) })}
    >
      {text("meetings.copy")}
    </button>
  );
}

function When({ meeting }: { meeting: Meeting }) {
  const { state, starts_at } = meeting;
  switch (state) {
    case "live":
      return <span className="tag good">{text("meetings.isLive")}</span>;
    case "upcoming":
      return (
        <span>
          {moment(starts_at ?? meeting.created_at)} ({fromNow(starts_at ?? meeting.created_at)})
        </span>
      );
    case "past":
      return <span>{text("meetings.held", { when: moment(lastHeld(meeting)) })}</span>;
    case "new":
      return <span>{text("meetings.madeAt", { when: moment(meeting.created_at) })}</span>;
  }
}

const accessTags: Partial<Record<Meeting["access"], MessageKey>> = {
  passcode: "meetings.tag.passcode",
  accounts: "meetings.tag.accounts",
  invited: "meetings.tag.invited",
};

/** What is special about it. */
function Tags({ meeting, account }: Pick<MeetingRowProps, "meeting" | "account">) {
  const access = accessTags[meeting.access];
  const tags = [
    access && text(access),
    meeting.auto_record && text("meetings.tag.recorded"),
    meeting.host_account_id !== account.id && text("meetings.tag.others"),
  ].filter((tag) => typeof tag === "string");
  if (tags.length === 0) return null;
  return (
    <span className="tags">
      {tags.map((tag) => (
        <span key={tag} className="tag">
          {tag}
        </span>
      ))}
    </span>
  );
}
