// Settings of one's own: account, password, where one is signed in, keys for programs, language.
"use client";

import type { Account } from "@meetbox/client";
import { LanguageSelect } from "@/components/language-select";
import { ApiKeys } from "@/components/settings/api-keys";
import { OwnAccount } from "@/components/settings/own-account";
import { Password } from "@/components/settings/password";
import { Sessions } from "@/components/settings/sessions";
import { SignedInPage } from "@/components/signed-in-page";
import { languages } from "@/lib/language";
import { text } from "@/lib/messages";
import "@/styles/settings.css";

export function Settings() {
  return (
    <SignedInPage title={text("nav.settings")} place="settings">
      {(account) => <Parts account={account} />}
    </SignedInPage>
  );
}

function Parts({ account }: { account: Account }) {
  return (
    <div className="settings">
      <OwnAccount account={account} />
      <Password account={account} />
      <Sessions />
      <ApiKeys account={account} />
      {Object.keys(languages).length > 1 && (
        <section className="part" aria-labelledby="language">
          <h2 id="language">{text("app.language")}</h2>
          <p className="small">{text("settings.languageHint")}</p>
          <LanguageSelect />
        </section>
      )}
    </div>
  );
}
