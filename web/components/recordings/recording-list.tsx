// The list of recordings, kept fresh while some of them go on or are brought to storage.
"use client";

import { RecordingFilters } from "@/components/recordings/recording-filters";
import { RecordingRow } from "@/components/recordings/recording-row";
import { Slots } from "@/components/recordings/slots";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { text } from "@/lib/messages";
import { changeQuery, useQuery } from "@/lib/query";
import { filterIn, isFiltered, pauseFor, recordings } from "@/lib/recordings";
import { useList } from "@/lib/use-loaded";

export function RecordingList() {
  const filter = filterIn(useQuery());
  const { list, again, showMore } = useList({
    key: JSON.stringify(filter),
    page: (cursor) => recordings(filter, cursor),
    every: pauseFor,
  });

  return (
    <section className="part" aria-label={text("recordings.list")}>
      <Slots />
      <RecordingFilters filter={filter} />
      {list.state === "loading" && <Skeleton />}
      {list.state === "failed" && <Retry failure={list.failure} onRetry={again} />}
      {list.state === "ready" && list.value.items.length === 0 && <Nothing filtered={isFiltered(filter)} />}
      {list.state === "ready" && list.value.items.length > 0 && (
        <ul className={list.busy ? "things busy" : "things"} aria-busy={list.busy}>
          {list.value.items.map((recording) => (
            <RecordingRow key={recording.id} recording={recording} onChange={again} />
          ))}
        </ul>
      )}
      {list.state === "ready" && list.value.more && (
        <button className="button more" type="button" onClick={showMore} disabled={list.busy}>
          {text("app.more")}
        </button>
      )}
    </section>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (!filtered)
    return (
      <div className="empty">
        <p>{text("recordings.none")}</p>
        <a className="button" href="/">
          {text("recordings.toMeetings")}
        </a>
      </div>
    );
  const clear = () => changeQuery({ meeting: undefined, status: undefined, from: undefined, to: undefined });
  return (
    <div className="empty" role="status">
      <p>{text("recordings.noneFiltered")}</p>
      <button className="button" type="button" onClick={clear}>
        {text("recordings.clear")}
      </button>
    </div>
  );
}
