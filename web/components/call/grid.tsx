// The pictures side by side, as many on a page as the window can show.
"use client";

import {
  TrackLoop,
  useGridLayout,
  usePagination,
  type GridLayoutDefinition,
  type TrackReferenceOrPlaceholder,
} from "@livekit/components-react";
import { useRef, type ReactNode } from "react";
import { text } from "@/lib/messages";

// LiveKit's own list shows two on a phone; three people should not have to turn pages.
const layouts: GridLayoutDefinition[] = [
  { columns: 1, rows: 1 },
  { columns: 1, rows: 2, orientation: "portrait" },
  { columns: 2, rows: 1, orientation: "landscape" },
  { columns: 1, rows: 3, orientation: "portrait", minHeight: 420 },
  { columns: 2, rows: 2 },
  { columns: 2, rows: 3, orientation: "portrait", minHeight: 420 },
  { columns: 3, rows: 2, orientation: "landscape", minWidth: 480 },
  { columns: 3, rows: 3, minWidth: 480 },
  { columns: 4, rows: 4, minWidth: 960 },
  { columns: 5, rows: 5, minWidth: 1100 },
];

export function CallGrid({
  tracks,
  children,
}: {
  tracks: TrackReferenceOrPlaceholder[];
  children: ReactNode;
}) {
  // The hook asks for an element that is always there, and reads it only after the first picture.
  const grid = useRef<HTMLDivElement>(null!);
  const { layout } = useGridLayout(grid, tracks.length, { gridLayouts: layouts });
  const pages = usePagination(layout.maxTiles, tracks);

  return (
    <>
      <div ref={grid} className="lk-grid-layout">
        <TrackLoop tracks={pages.tracks}>{children}</TrackLoop>
      </div>
      {pages.totalPageCount > 1 && (
        <nav className="pages" aria-label={text("call.pages")}>
          <button className="button quiet" type="button" onClick={pages.prevPage}>
            {text("call.previousPage")}
          </button>
          <span>{text("call.page", { number: pages.currentPage, count: pages.totalPageCount })}</span>
          <button className="button quiet" type="button" onClick={pages.nextPage}>
            {text("call.nextPage")}
          </button>
        </nav>
      )}
    </>
  );
}
