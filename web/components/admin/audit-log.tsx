// The audit log: what was done here, by whom, from where and when.
"use client";

import type { AuditEntry } from "@meetbox/client";
import { Field } from "@/components/field";
import { Retry } from "@/components/retry";
import { SelectField } from "@/components/select-field";
import { Skeleton } from "@/components/skeleton";
import { auditLog } from "@/lib/administration";
import { ACTIONS, actionName, detailsOf, sentenceOf } from "@/lib/audit-words";
import { moment } from "@/lib/format";
import { text } from "@/lib/messages";
import { dayStart } from "@/lib/moments";
import { changeQuery, useQuery } from "@/lib/query";
import { useList } from "@/lib/use-loaded";

const set = (name: string) => (value: string) => changeQuery({ [name]: value }, "replace");

export function AuditLog() {
  const query = useQuery();
  const [action, from, to] = ["action", "from", "to"].map((name) => query.get(name) ?? "");
  const { list, again, showMore } = useList({
    key: [action, from, to].join(" "),
    page: (cursor) =>
      auditLog({
        action: action || undefined,
        from: from ? dayStart(from) : undefined,
        to: to ? dayStart(to, 1) : undefined,
        cursor,
      }),
    every: () => 30,
  });

  return (
    <section className="part" aria-labelledby="audit">
      <h2 id="audit">{text("admin.tab.audit")}</h2>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <SelectField
          id="action"
          label={text("audit.action")}
          value={action ?? ""}
          options={[
            ["", text("audit.anyAction")],
            ...ACTIONS.map((action) => [action, actionName(action)] as const),
          ]}
          onChange={set("action")}
        />
        <Field id="from" type="date" label={text("recordings.from")} value={from} onChange={set("from")} />
        <Field id="to" type="date" label={text("recordings.to")} value={to} onChange={set("to")} />
      </form>
      {list.state === "loading" && <Skeleton rows={6} />}
      {list.state === "failed" && <Retry failure={list.failure} onRetry={again} />}
      {list.state === "ready" && list.value.items.length === 0 && (
        <div className="empty" role="status">
          <p>{text("audit.none")}</p>
        </div>
      )}
      {list.state === "ready" && list.value.items.length > 0 && (
        <ol className={list.busy ? "things log busy" : "things log"} aria-busy={list.busy}>
          {list.value.items.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
      {list.state === "ready" && list.value.more && (
        <button className="button more" type="button" onClick={showMore} disabled={list.busy}>
          {text("app.more")}
        </button>
      )}
    </section>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const details = detailsOf(entry);
  return (
    <li className="thing">
      <div className="about">
        <span>{sentenceOf(entry)}</span>
        <span className="facts">
          <time dateTime={entry.at}>{moment(entry.at)}</time>
          {entry.address && <span>{text("sessions.from", { address: entry.address })}</span>}
          {details && <span>{details}</span>}
        </span>
      </div>
    </li>
  );
}
