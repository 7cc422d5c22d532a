// The frame of the pages for who is signed in: the ways from one to the other, and the account, in the header.
"use client";

import { useEffect, type ReactNode } from "react";
import { AccountMenu } from "@/components/account-menu";
import { AdministrationIcon, MeetingsIcon, RecordingsIcon } from "@/components/icons";
import { Page } from "@/components/page";
import { Toasts } from "@/components/toasts";
import type { SignedIn } from "@/lib/account";
import { text, type MessageKey } from "@/lib/messages";

export type Place = "meetings" | "recordings" | "administration" | "settings";

interface Way {
  place: Place;
  href: string;
  label: MessageKey;
  Icon: () => ReactNode;
  adminsOnly?: boolean;
}

const ways: Way[] = [
  { place: "meetings", href: "/", label: "nav.meetings", Icon: MeetingsIcon },
  { place: "recordings", href: "/app/recordings", label: "nav.recordings", Icon: RecordingsIcon },
  {
    place: "administration",
    href: "/app/admin",
    label: "nav.administration",
    Icon: AdministrationIcon,
    adminsOnly: true,
  },
];

interface AppPageProps {
  /** What the window is called; the home page bears the name of the house alone. */
  title?: string;
  place: Place;
  signedIn: SignedIn;
  children: ReactNode;
}

export function AppPage({ title, place, signedIn, children }: AppPageProps) {
  const name = text("app.name");
  const windowTitle = title ? `${title} · ${name}` : name;
  // The exported page has its title in English.
  useEffect(() => {
    document.title = windowTitle;
  }, [windowTitle]);

  return (
    <Page wide growing aside={<Masthead place={place} signedIn={signedIn} />}>
      {children}
      <Toasts />
    </Page>
  );
}

function Masthead({ place, signedIn }: { place: Place; signedIn: SignedIn }) {
  const isAdmin = signedIn.state === "in" && signedIn.account.role === "admin";
  return (
    <>
      {signedIn.state === "in" && (
        <nav className="ways" aria-label={text("nav.heading")}>
          {ways
            .filter(({ adminsOnly }) => !adminsOnly || isAdmin)
            .map(({ place: there, href, label, Icon }) => (
              <a
                key={there}
                href={href}
                aria-current={there === place ? "page" : undefined}
                title={text(label)}
              >
                <Icon />
                <span>{text(label)}</span>
              </a>
            ))}
        </nav>
      )}
      <AccountMenu signedIn={signedIn} />
    </>
  );
}
