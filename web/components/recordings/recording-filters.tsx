// Which recordings are shown, and in which order; the address of the page says the same.
"use client";

import type { RecordingStatus } from "@meetbox/client";
import { useState } from "react";
import { Field } from "@/components/field";
import { SelectField } from "@/components/select-field";
import { text } from "@/lib/messages";
import { changeQuery } from "@/lib/query";
import { STATUSES, type RecordingFilter } from "@/lib/recordings";

const set = (name: keyof RecordingFilter) => (value: string) => changeQuery({ [name]: value }, "replace");

export function RecordingFilters({ filter }: { filter: RecordingFilter }) {
  return (
    <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <MeetingFilter key={filter.meeting} meeting={filter.meeting} />
      <SelectField<RecordingStatus | "">
        id="status"
        label={text("recordings.status")}
        value={filter.status}
        options={[
          ["", text("recordings.anyStatus")],
          ...STATUSES.map((status) => [status, text(`recordings.status.${status}`)] as const),
        ]}
        onChange={set("status")}
      />
      <Field
        id="from"
        type="date"
        label={text("recordings.from")}
        value={filter.from}
        onChange={set("from")}
      />
      <Field id="to" type="date" label={text("recordings.to")} value={filter.to} onChange={set("to")} />
      <SelectField<RecordingFilter["order"]>
        id="order"
        label={text("recordings.order")}
        value={filter.order}
        options={[
          ["", text("recordings.newest")],
          ["oldest", text("recordings.oldest")],
        ]}
        onChange={set("order")}
      />
    </form>
  );
}

/** Asked for when it is typed to the end, not with each letter. */
function MeetingFilter({ meeting }: { meeting: string }) {
  const [typed, setTyped] = useState(meeting);
  const take = () => {
    if (typed.trim() !== meeting) set("meeting")(typed.trim());
  };
  return (
    <Field
      id="meeting"
      label={text("recordings.meeting")}
      placeholder={text("recordings.anyMeeting")}
      autoCapitalize="none"
      autoComplete="off"
      spellCheck={false}
      value={typed}
      onChange={setTyped}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
      }}
    />
  );
}
