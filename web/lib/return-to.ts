// Where somebody goes after signing in: only to pages of our own, whatever the address says.

// Any name does: it only tells whether an address would lead away from the one that it is read from.
const HERE = "http://here.invalid";

/** `wanted` as a path on this site, or the home page when it is none. */
export function ownPath(wanted: string | null): string {
  if (!wanted?.startsWith("/")) return "/";
  try {
    // Browsers read `//host`, `/\host` and such with tabs in between as other hosts; so their own reading decides.
    const url = new URL(wanted, HERE);
    // A path may begin with two slashes only after it was read: `/.//host`.
    if (url.origin !== HERE || url.pathname.startsWith("//")) return "/";
    return url.pathname + url.search + url.hash;
  } catch {
    return "/";
  }
}

/** The sign-in page, which leads back to `path`. */
export function signInFor(path: string): string {
  return path === "/" ? "/app/sign-in" : `/app/sign-in?return_to=${encodeURIComponent(path)}`;
}

/** Where signing in through the identity provider begins; it leads back to `path`. */
export function oidcStart(path: string): string {
  return `/oidc/start?return_to=${encodeURIComponent(path)}`;
}
