// Finds the links in a message. Only web addresses become links; all else stays the text that it is.

export type Part = string | { href: string; label: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"“”«»]+/giu;

/** A message in parts, which together are the message. */
export function linkify(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const label = withoutPunctuation(found);
    const href = webAddress(label);
    if (!href) continue;
    if (index > at) parts.push(text.slice(at, index));
    parts.push({ href, label });
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

function webAddress(label: string): string | undefined {
  try {
    const { protocol, username, password, href } = new URL(label);
    const isWeb = protocol === "http:" || protocol === "https:";
    // `https://bank.example@elsewhere.example` leads elsewhere than it looks.
    return isWeb && username === "" && password === "" ? href : undefined;
  } catch {
    return undefined;
  }
}
