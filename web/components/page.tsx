// The calm frame of every page but the call itself: the name of the house above, one column below.
import type { ReactNode } from "react";
import { LanguageSelect } from "@/components/language-select";
import { text } from "@/lib/messages";

interface PageProps {
  children: ReactNode;
  /** What stands at the other end of the header. */
  aside?: ReactNode;
  wide?: boolean;
  /** Whether what it shows comes bit by bit: its foot then stays below the window, and does not jump. */
  growing?: boolean;
}

export function Page({ children, aside, wide, growing }: PageProps) {
  return (
    <>
      <a className="skip" href="#content">
        {text("app.skip")}
      </a>
      <header className="masthead">
        <a className="home" href="/">
          {/* A mark of 1 KB needs no image pipeline. */}
          {/* eslint-disable-next-line @next/next/no-img-element */}
          <img src="/app/icon.svg" alt="" width="28" height="28" />
          <span className="name">{text("app.name")}</span>
        </a>
        {aside}
      </header>
      <main
        id="content"
        className={["column", wide && "wide", growing && "growing"].filter(Boolean).join(" ")}
        tabIndex={-1}
      >
        {children}
      </main>
      <footer className="footer">
        <a href="/app/diagnostics">{text("app.diagnostics")}</a>
        <LanguageSelect />
      </footer>
    </>
  );
}

/** What stands there until it is known what to show. */
export function LoadingPage() {
  return (
    <Page growing>
      <p role="status">{text("app.loading")}</p>
    </Page>
  );
}
