// The calm frame of every page but the call itself: the name of the house above, one column below.
import type { ReactNode } from "react";
import { text } from "@/lib/messages";

export function Page({ children, wide }: { children: ReactNode; wide?: boolean }) {
  return (
    <>
      <a className="skip" href="#content">
        {text("app.skip")}
      </a>
      <header className="masthead">
        <a href="/">
          {/* A mark of 1 KB needs no image pipeline. */}
          {/* eslint-disable-next-line @next/next/no-img-element */}
          <img src="/app/icon.svg" alt="" width="28" height="28" />
          {text("app.name")}
        </a>
      </header>
      <main id="content" className={wide ? "column wide" : "column"}>
        {children}
      </main>
    </>
  );
}
