// Meetings that go on now and those there were, where the API lets us see them; otherwise nothing at all.
"use client";

import type { Meeting } from "@meetbox/client";
import { useEffect, useState } from "react";
import { meetings } from "@/lib/api";
import { text } from "@/lib/messages";

const MOST = 5;

interface Lists {
  live: Meeting[];
  recent: Meeting[];
}

async function load(): Promise<Lists> {
  const [live, newest] = await Promise.all([
    meetings({ state: "live", limit: MOST }),
    meetings({ limit: 2 * MOST }),
  ]);
  const recent = newest.filter((meeting) => meeting.state !== "live").slice(0, MOST);
  return { live, recent };
}

export function MeetingList() {
  const [lists, setLists] = useState<Lists>({ live: [], recent: [] });

  useEffect(() => {
    let gone = false;
    const refresh = () => {
      if (document.visibilityState === "visible") void load().then((fresh) => gone || setLists(fresh));
    };
    refresh();
    document.addEventListener("visibilitychange", refresh);
    return () => {
      gone = true;
      document.removeEventListener("visibilitychange", refresh);
    };
  }, []);

  return (
    <>
      <Section title={text("home.live")} meetings={lists.live} />
      <Section title={text("home.recent")} meetings={lists.recent} />
    </>
  );
}

function Section({ title, meetings }: { title: string; meetings: Meeting[] }) {
  if (meetings.length === 0) return null;
  return (
    <section className="meetings">
      <h2>{title}</h2>
      <ul>
        {meetings.map((meeting) => (
          <li key={meeting.id}>
            <a
              href={`/m/${meeting.room_name}`}
              aria-label={text("home.joinNamed", { name: meeting.room_name })}
            >
              <span className="name">{meeting.title ?? meeting.room_name}</span>
              {meeting.title && <span className="small">{meeting.room_name}</span>}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
