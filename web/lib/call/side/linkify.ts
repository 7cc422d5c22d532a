// Finds the links in a message. Only web addresses become links; all else stays the text that it is.

export interface Link {
  href: string;
  label: string;
  /** The host that it leads to, where the label looks like another: letters of other scripts can pass for ours. */
  leadsTo?: string;
}

export type Part = string | Link;

const ADDRESS = /\bhttps?:\/\/[^\s<>"“”«»]+/giu;

/** A message in parts, which together are the message. */
export function linkify(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const label = withoutPunctuation(found);
    const address = webAddress(label);
    if (!address) continue;
    if (index > at) parts.push(text.slice(at, index));
    parts.push({ label, ...address });
    at = index + label.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** What ends the sentence does not belong to the address; a bracket does when it was opened in it. */
function withoutPunctuation(found: string): string {
  let end = found.length;
  for (;;) {
    const last = found[end - 1] ?? "";
    if (/[.,;:!?'’*_~]/.test(last)) end -= 1;
    else if (last in OPENING && !isOpened(found.slice(0, end), last)) end -= 1;
    else return found.slice(0, end);
  }
}

const OPENING: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

const count = (text: string, letter: string) => text.split(letter).length - 1;
const isOpened = (text: string, closing: string) =>
  count(text, OPENING[closing] ?? closing) >= count(text, closing);

function webAddress(label: string): Omit<Link, "label"> | undefined {
  try {
    const { protocol, username, password, href, hostname } = new URL(label);
    const isWeb = protocol === "http:" || protocol === "https:";
    // `https://bank.example@elsewhere.example` leads elsewhere than it looks.
    if (!isWeb || username !== "" || password !== "") return undefined;
    const isPlain = label.toLowerCase().startsWith(`${protocol}//${hostname}`);
    return isPlain ? { href } : { href, leadsTo: hostname };
  } catch {
    return undefined;
  }
}
