// What the API has to show, asked again by itself every so often while somebody looks at the page.
import { useCallback, useEffect, useEffectEvent, useState } from "react";
import type { Failure, Outcome } from "./api";

export type Loaded<T> =
  | { state: "loading" }
  | { state: "failed"; failure: Failure }
  /** `busy`: something else was asked for and is on its way. */
  | { state: "ready"; value: T; busy: boolean };

interface Kept<T> {
  key: string;
  value?: T;
  failure?: Failure;
}

interface Options<T> {
  /** What is asked for; another one is asked for at once. */
  key: string;
  ask: () => Promise<Outcome<T>>;
  /** In how many seconds to ask again after that answer; never when it is 0. */
  every?: (value: T) => number;
}

const RETRY_AFTER = 15;

/** A failure while something is shown leaves that in place: the next try may work. */
export function useLoaded<T>({ key, ask, every }: Options<T>): [Loaded<T>, () => void] {
  const [kept, setKept] = useState<Kept<T>>({ key });
  const [turn, setTurn] = useState(0);
  const askNow = useEffectEvent(ask);
  const pause = useEffectEvent((value: T | undefined) => {
    if (!every) return 0;
    return value === undefined ? RETRY_AFTER : every(value);
  });

  useEffect(() => {
    let gone = false;
    let asking = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const look = async () => {
      clearTimeout(timer);
      if (asking || document.visibilityState === "hidden") return;
      asking = true;
      const answer = await askNow();
      asking = false;
      if (gone) return;
      setKept((before) => after(before, key, answer));
      const seconds = pause(answer.ok ? answer.value : undefined);
      if (seconds > 0) timer = setTimeout(look, seconds * 1000);
    };
    const onVisible = () => {
      if (document.visibilityState === "visible" && pause(undefined) > 0) void look();
    };
    void look();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      gone = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [key, turn]);

  const again = useCallback(() => setTurn((turn) => turn + 1), []);
  return [shown(kept, key), again];
}

function after<T>(before: Kept<T>, key: string, answer: Outcome<T>): Kept<T> {
  if (answer.ok) return { key, value: answer.value };
  return before.key === key && before.value !== undefined ? before : { key, failure: answer.failure };
}

function shown<T>({ key, value, failure }: Kept<T>, wanted: string): Loaded<T> {
  if (value !== undefined) return { state: "ready", value, busy: key !== wanted };
  if (failure && key === wanted) return { state: "failed", failure };
  return { state: "loading" };
}

interface ListPage<T> {
  items: T[];
  next_cursor?: string;
}

export interface Listing<T> {
  items: T[];
  /** Whether there are more than these. */
  more: boolean;
}

/** The first `count` pages of a list as one. */
export async function pagesOf<T>(
  page: (cursor: string | undefined) => Promise<Outcome<ListPage<T>>>,
  count: number,
): Promise<Outcome<Listing<T>>> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let number = 0; number < count; number += 1) {
    const answer = await page(cursor);
    if (!answer.ok) return answer;
    items.push(...answer.value.items);
    cursor = answer.value.next_cursor;
    if (cursor === undefined) break;
  }
  return { ok: true, value: { items, more: cursor !== undefined } };
}

interface ListOptions<T> {
  key: string;
  page: (cursor: string | undefined) => Promise<Outcome<ListPage<T>>>;
  every?: (listing: Listing<T>) => number;
}

export interface LoadedList<T> {
  list: Loaded<Listing<T>>;
  again: () => void;
  showMore: () => void;
}

/** A list that grows by a page at a time. */
export function useList<T>({ key, page, every }: ListOptions<T>): LoadedList<T> {
  const [shownPages, setShownPages] = useState({ key, count: 1 });
  const count = shownPages.key === key ? shownPages.count : 1;
  const [list, again] = useLoaded({
    key: `${key} ${count}`,
    ask: () => pagesOf(page, count),
    every,
  });
  return { list, again, showMore: () => setShownPages({ key, count: count + 1 }) };
}
