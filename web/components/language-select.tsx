// Chooses the language of the app.
"use client";

import { chooseLanguage, FIRST, languages, useLanguage } from "@/lib/language";
import { text } from "@/lib/messages";

export function LanguageSelect() {
  const language = useLanguage();
  const names = Object.entries(languages);
  if (names.length < 2) return null;
  return (
    <label className="language">
      <span className="visually-hidden">{text("app.language")}</span>
      <select value={language ?? FIRST} onChange={(event) => chooseLanguage(event.target.value)}>
        {names.map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
