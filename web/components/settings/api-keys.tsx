// Keys for one's programs: made, listed, taken back.
"use client";

import type { Account, ApiKey, NewApiKey } from "@meetbox/client";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { CopyField } from "@/components/copy-field";
import { Retry } from "@/components/retry";
import { ApiKeyForm } from "@/components/settings/api-key-form";
import { Skeleton } from "@/components/skeleton";
import { fromNow, moment } from "@/lib/format";
import { text } from "@/lib/messages";
import { keys, takeKeyBack } from "@/lib/own-account";
import { toast } from "@/lib/toasts";
import { useList } from "@/lib/use-loaded";

export function ApiKeys({ account }: { account: Account }) {
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewApiKey>();
  const [leaving, setLeaving] = useState<ApiKey>();
  const { list, again, showMore } = useList({ key: "keys", page: keys });

  return (
    <section className="part" aria-labelledby="keys">
      <div className="head">
        <h2 id="keys">{text("keys.heading")}</h2>
        <button className="button" type="button" onClick={() => setMaking(true)}>
          {text("keys.make")}
        </button>
      </div>
      <p className="small">
        {text("keys.intro")} <a href="/docs">{text("keys.docs")}</a>
      </p>
      {made && (
        <div className="note stack" role="status">
          <CopyField
            id="key-secret"
            label={text("keys.secret", { name: made.api_key.name })}
            value={made.secret}
            hint={text("keys.once")}
          />
        </div>
      )}
      {list.state === "loading" && <Skeleton rows={1} />}
      {list.state === "failed" && <Retry failure={list.failure} onRetry={again} />}
      {list.state === "ready" && list.value.items.length === 0 && (
        <div className="empty">
          <p>{text("keys.none")}</p>
        </div>
      )}
      {list.state === "ready" && list.value.items.length > 0 && (
        <ul className="things">
          {list.value.items.map((key) => (
            <Row key={key.id} it={key} account={account} onRevoke={() => setLeaving(key)} />
          ))}
        </ul>
      )}
      {list.state === "ready" && list.value.more && (
        <button className="button more" type="button" onClick={showMore}>
          {text("app.more")}
        </button>
      )}
      {making && (
        <ApiKeyForm
          account={account}
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMade(key);
            setMaking(false);
            again();
          }}
        />
      )}
      {leaving && (
        <Confirm
          title={text("keys.revokeSure", { name: leaving.name })}
          label={text("keys.revoke")}
          act={() => takeKeyBack(leaving.id)}
          onClose={() => setLeaving(undefined)}
          onDone={() => {
            if (made?.api_key.id === leaving.id) setMade(undefined);
            setLeaving(undefined);
            toast(text("keys.revoked"));
            again();
          }}
        >
          <p>{text("keys.revokeWhat")}</p>
        </Confirm>
      )}
    </section>
  );
}

interface RowProps {
  it: ApiKey;
  account: Account;
  onRevoke: () => void;
}

function Row({ it, account, onRevoke }: RowProps) {
  const { name, shown, scopes, account_id, expires_at, used_at, revoked_at } = it;
  const expired = expires_at !== undefined && new Date(expires_at) <= new Date();
  return (
    <li className="thing">
      <div className="about">
        <span className="name">{name}</span>
        <span className="facts">
          <code>{shown}…</code>
          <span>{used_at ? text("keys.used", { when: fromNow(used_at) }) : text("keys.unused")}</span>
          {expires_at && <span>{text("keys.until", { when: moment(expires_at) })}</span>}
          {account_id !== account.id && <span>{text(account_id ? "keys.someoneElses" : "keys.houses")}</span>}
        </span>
        <span className="facts">{scopes.map((scope) => text(`keys.scope.${scope}`)).join(" · ")}</span>
      </div>
      <div className="does">
        {revoked_at || expired ? (
          <span className="tag">{text(revoked_at ? "keys.isRevoked" : "keys.isOver")}</span>
        ) : (
          <button
            className="button"
            type="button"
            onClick={onRevoke}
            aria-label={text("keys.revokeNamed", { name })}
          >
            {text("keys.revoke")}
          </button>
        )}
      </div>
    </li>
  );
}
