// The query of the page's own address: what is shown stands there, so that a reload, the way back and a copied link keep it.
import { useMemo, useSyncExternalStore } from "react";

const CHANGED = "meetbox:query";

function subscribe(tell: () => void) {
  window.addEventListener("popstate", tell);
  window.addEventListener(CHANGED, tell);
  return () => {
    window.removeEventListener("popstate", tell);
    window.removeEventListener(CHANGED, tell);
  };
}

/** The query as it is now; empty in the exported page. */
export function useQuery(): URLSearchParams {
  const search = useSyncExternalStore(
    subscribe,
    () => window.location.search,
    () => "",
  );
  return useMemo(() => new URLSearchParams(search), [search]);
}

export type QueryChange = Record<string, string | undefined>;

/** `search` with some of its values changed; empty ones leave it. */
export function changedQuery(search: string, change: QueryChange): string {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Shows something else of this page: as a place to come back from, or in place of the present one. */
export function changeQuery(change: QueryChange, how: "push" | "replace" = "push") {
  const { pathname, search } = window.location;
  const address = pathname + changedQuery(search, change);
  if (how === "push") window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
  window.dispatchEvent(new Event(CHANGED));
}
