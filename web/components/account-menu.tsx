// Who is signed in, in the header: with their settings and a way out, or a way in.
"use client";

import { Menu } from "@/components/menu";
import { signOut, type SignedIn } from "@/lib/account";
import { text } from "@/lib/messages";
import { inWords } from "@/lib/problems";
import { signInFor } from "@/lib/return-to";
import { toast } from "@/lib/toasts";

const leave = async () => {
  const answer = await signOut();
  if (answer.ok) window.location.assign("/");
  else toast(inWords(answer.failure));
};

export function AccountMenu({ signedIn }: { signedIn: SignedIn }) {
  switch (signedIn.state) {
    case "asking":
      return null;
    case "out":
      return (
        <a className="button quiet" href={signInFor(window.location.pathname + window.location.search)}>
          {text("account.signIn")}
        </a>
      );
    case "in": {
      const { name } = signedIn.account;
      return (
        <div role="group" aria-label={text("account.heading")}>
          <Menu
            className="account"
            face={
              <>
                <span className="initial" aria-hidden="true">
                  {[...name][0]?.toUpperCase()}
                </span>
                <span className="name">{name}</span>
              </>
            }
            items={[
              { label: text("nav.settings"), href: "/app/settings" },
              { label: text("account.signOut"), onSelect: leave },
            ]}
          />
        </div>
      );
    }
  }
}
