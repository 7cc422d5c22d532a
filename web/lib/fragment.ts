// Secrets in links: they stand behind the `#`, which browsers send to nobody, and leave the address bar once read.

const SECRET = /^meetbox_(?:setup|invitation)_[A-Za-z0-9_-]{1,150}$/;

/** The secret of a setup link: `#meetbox_setup_…`. */
export function setupSecretIn(hash: string): string | undefined {
  const secret = hash.replace(/^#/, "");
  return secret.startsWith("meetbox_setup_") && SECRET.test(secret) ? secret : undefined;
}

/** The secret of an invitation: `#invitation=meetbox_invitation_…`. */
export function invitationIn(hash: string): string | undefined {
  const secret = new URLSearchParams(hash.replace(/^#/, "")).get("invitation");
  return secret?.startsWith("meetbox_invitation_") && SECRET.test(secret) ? secret : undefined;
}

/** Takes the fragment out of the address bar and out of this place in the history. */
export function clearFragment() {
  if (window.location.hash === "") return;
  const { pathname, search } = window.location;
  window.history.replaceState(window.history.state, "", pathname + search);
}
