// Turns the pages of a call with more people than a window has room for.
"use client";

import { BackIcon, OnIcon } from "@/components/call/icons";
import { text } from "@/lib/messages";

interface PagerProps {
  /** Counted from 0. */
  page: number;
  pages: number;
  onPage: (page: number) => void;
}

export function Pager({ page, pages, onPage }: PagerProps) {
  return (
    <nav className="pager" aria-label={text("call.pages")}>
      <button
        className="icon-button"
        type="button"
        aria-label={text("call.previousPage")}
        onClick={() => onPage((page - 1 + pages) % pages)}
      >
        <BackIcon />
      </button>
      <span role="status">{text("call.page", { number: page + 1, count: pages })}</span>
      <button
        className="icon-button"
        type="button"
        aria-label={text("call.nextPage")}
        onClick={() => onPage((page + 1) % pages)}
      >
        <OnIcon />
      </button>
    </nav>
  );
}
