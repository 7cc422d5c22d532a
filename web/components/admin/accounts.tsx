// Who can sign in here: made, given another role or password, switched off and on.
"use client";

import type { Account } from "@meetbox/client";
import { useState } from "react";
import { AccountForm } from "@/components/admin/account-form";
import { PasswordForm } from "@/components/admin/password-form";
import { Confirm } from "@/components/confirm";
import { MoreIcon } from "@/components/icons";
import { Menu } from "@/components/menu";
import { Retry } from "@/components/retry";
import { Skeleton } from "@/components/skeleton";
import { accounts, changeOther } from "@/lib/administration";
import { day } from "@/lib/format";
import { text } from "@/lib/messages";
import { toast } from "@/lib/toasts";
import { useList } from "@/lib/use-loaded";

type Deed = "password" | "role" | "disable" | "enable";

export function Accounts({ own }: { own: Account }) {
  const [making, setMaking] = useState(false);
  const [doing, setDoing] = useState<{ deed: Deed; account: Account }>();
  const { list, again, showMore } = useList({ key: "accounts", page: accounts });

  const close = () => setDoing(undefined);
  const done = (words: string) => {
    setMaking(false);
    close();
    toast(words);
    again();
  };

  return (
    <section className="part" aria-labelledby="accounts">
      <div className="head">
        <h2 id="accounts">{text("accounts.heading")}</h2>
        <button className="button" type="button" onClick={() => setMaking(true)}>
          {text("accounts.make")}
        </button>
      </div>
      {list.state === "loading" && <Skeleton />}
      {list.state === "failed" && <Retry failure={list.failure} onRetry={again} />}
      {list.state === "ready" && (
        <ul className="things">
          {list.value.items.map((account) => (
            <Row
              key={account.id}
              account={account}
              isOwn={account.id === own.id}
              onDeed={(deed) => setDoing({ deed, account })}
            />
          ))}
        </ul>
      )}
      {list.state === "ready" && list.value.more && (
        <button className="button more" type="button" onClick={showMore}>
          {text("app.more")}
        </button>
      )}
      {making && <AccountForm onClose={() => setMaking(false)} onDone={() => done(text("accounts.made"))} />}
      {doing?.deed === "password" && (
        <PasswordForm
          account={doing.account}
          onClose={close}
          onDone={() => done(text("accounts.passwordSet"))}
        />
      )}
      {doing && doing.deed !== "password" && (
        <Sure
          deed={doing.deed}
          account={doing.account}
          onClose={close}
          onDone={() => done(text("accounts.changed"))}
        />
      )}
    </section>
  );
}

interface RowProps {
  account: Account;
  isOwn: boolean;
  onDeed: (deed: Deed) => void;
}

function Row({ account, isOwn, onDeed }: RowProps) {
  const { name, email, role, has_password, created_at, disabled_at } = account;
  const other = role === "admin" ? "host" : "admin";
  const items = [
    { label: text(`accounts.make.${other}`), onSelect: () => onDeed("role") },
    {
      label: text(has_password ? "accounts.setPassword" : "accounts.givePassword"),
      onSelect: () => onDeed("password"),
    },
    disabled_at
      ? { label: text("accounts.enable"), onSelect: () => onDeed("enable") }
      : { label: text("accounts.disable"), onSelect: () => onDeed("disable"), danger: true },
  ];
  return (
    <li className="thing">
      <div className="about">
        <span className="name">{name}</span>
        <span className="facts">
          <span>{email}</span>
          <span>{text("accounts.since", { when: day(created_at) })}</span>
          {!has_password && <span>{text("accounts.elsewhere")}</span>}
        </span>
      </div>
      <div className="does">
        {isOwn && <span className="tag">{text("accounts.you")}</span>}
        {disabled_at && <span className="tag bad">{text("accounts.off")}</span>}
        <span className={role === "admin" ? "tag good" : "tag"}>{text(`accounts.role.${role}`)}</span>
        <Menu label={text("accounts.more", { name })} face={<MoreIcon />} items={items} />
      </div>
    </li>
  );
}

interface SureProps {
  deed: Exclude<Deed, "password">;
  account: Account;
  onClose: () => void;
  onDone: () => void;
}

/** All three sign the account out, or let it in again: worth a question. */
function Sure({ deed, account, onClose, onDone }: SureProps) {
  const { id, name, role } = account;
  const other = role === "admin" ? "host" : "admin";
  const act = () => changeOther(id, deed === "role" ? { role: other } : { disabled: deed === "disable" });
  return (
    <Confirm
      title={text(deed === "role" ? `accounts.sure.${other}` : `accounts.sure.${deed}`, { name })}
      label={text(deed === "role" ? `accounts.make.${other}` : `accounts.${deed}`)}
      act={act}
      onClose={onClose}
      onDone={onDone}
    >
      <p>{text(deed === "role" ? `accounts.what.${other}` : `accounts.what.${deed}`)}</p>
    </Confirm>
  );
}
