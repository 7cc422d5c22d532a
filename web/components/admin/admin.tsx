// Administration: three tabs, each with an address of its own; for administrators alone.
"use client";

import dynamic from "next/dynamic";
import { SignedInPage } from "@/components/signed-in-page";
import { Skeleton } from "@/components/skeleton";
import { text } from "@/lib/messages";
import { changeQuery, useQuery } from "@/lib/query";
import "@/styles/admin.css";

const loading = () => <Skeleton />;
const Accounts = dynamic(() => import("./accounts").then((part) => part.Accounts), { ssr: false, loading });
const AuditLog = dynamic(() => import("./audit-log").then((part) => part.AuditLog), { ssr: false, loading });
const HealthReport = dynamic(() => import("./health-report").then((part) => part.HealthReport), {
  ssr: false,
  loading,
});

const TABS = ["accounts", "audit", "health"] as const;
type Tab = (typeof TABS)[number];

export function Administration() {
  const wanted = useQuery().get("tab");
  const tab = TABS.find((tab) => tab === wanted) ?? "accounts";
  return (
    <SignedInPage title={text("nav.administration")} place="administration">
      {(account) =>
        account.role === "admin" ? (
          <>
            <Tabs tab={tab} />
            {tab === "accounts" && <Accounts own={account} />}
            {tab === "audit" && <AuditLog />}
            {tab === "health" && <HealthReport />}
          </>
        ) : (
          <div className="empty">
            <p>{text("admin.onlyAdmins")}</p>
            <a className="button" href="/">
              {text("notFound.home")}
            </a>
          </div>
        )
      }
    </SignedInPage>
  );
}

function Tabs({ tab }: { tab: Tab }) {
  return (
    <nav className="tabs" aria-label={text("admin.tabs")}>
      {TABS.map((it) => (
        <a
          key={it}
          href={`/app/admin?tab=${it}`}
          aria-current={it === tab ? "page" : undefined}
          onClick={(event) => {
            // Another tab or window is the browser's to open.
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            // What was asked for on the tab before is not meant for this one.
            changeQuery({ tab: it, action: undefined, from: undefined, to: undefined });
          }}
        >
          {text(`admin.tab.${it}`)}
        </a>
      ))}
    </nav>
  );
}
