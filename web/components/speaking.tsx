// Shows the app in the language of whoever looks at it, and anew when that changes.
"use client";

import { Fragment, useEffect, type ReactNode } from "react";
import { comesToLife, useLanguage } from "@/lib/language";

export function Speaking({ children }: { children: ReactNode }) {
  const language = useLanguage();
  useEffect(comesToLife, []);
  // Texts are read while components are drawn: with another key all of them are drawn anew.
  return language === undefined ? null : <Fragment key={language}>{children}</Fragment>;
}
