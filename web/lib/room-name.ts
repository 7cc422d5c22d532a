// The rule for names of meetings as they stand in links, and suggestions that keep to it.

export type RoomNameFault = "tooShort" | "tooLong" | "characters" | "dashes";

const SHORTEST = 3;
const LONGEST = 64;

/** What is wrong with `name`, or nothing. The server has the last word; this saves the round trip. */
export function faultOf(name: string): RoomNameFault | undefined {
  if (/[^a-z0-9-]/.test(name)) return "characters";
  if (name.length < SHORTEST) return "tooShort";
  if (name.length > LONGEST) return "tooLong";
  if (/^-|-$|--/.test(name)) return "dashes";
  return undefined;
}

/** What somebody probably meant: `Blue Heron!` becomes `blue-heron`. */
export function tidied(typed: string): string {
  return typed
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f']/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/** The meeting that an address like `/m/blue-heron` names. */
export function roomNameIn(path: string): string {
  const name = path.replace(/^\/m\/?/, "").replace(/\/+$/, "");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const colours = ["amber", "azure", "coral", "copper", "golden", "indigo", "ivory", "jade", "olive", "silver"];
const manners = ["brave", "bright", "calm", "clever", "gentle", "happy", "keen", "lucky", "quiet", "swift"];
const beings = [
  "badger",
  "falcon",
  "fox",
  "hare",
  "heron",
  "lynx",
  "otter",
  "owl",
  "raven",
  "robin",
  "seal",
  "wren",
];

/** A name that is easy to say, such as `calm-amber-heron-42`. `random` gives numbers in 0..1. */
export function suggestedName(random: () => number = Math.random): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)];
  return `${pick(manners)}-${pick(colours)}-${pick(beings)}-${10 + Math.floor(random() * 90)}`;
}

/** Where somebody goes who typed or pasted that: a path of ours, or what is wrong with it. */
export type Destination = { path: string } | { fault: RoomNameFault | "elsewhere" };

/** Reads a name, or a link to a meeting on the site at `origin`; an invitation's secret behind its `#` goes along. */
export function destinationOf(typed: string, origin: string): Destination {
  const wanted = typed.trim();
  if (!wanted.includes("/")) return named(wanted, "");
  const schemed = /^https?:\/\//i.test(wanted);
  const here = new URL(origin);
  try {
    const url = new URL(
      schemed ? wanted : wanted.startsWith("/") ? origin + wanted : `${here.protocol}//${wanted}`,
    );
    if (url.host !== here.host || !url.pathname.startsWith("/m/")) return { fault: "elsewhere" };
    return named(roomNameIn(url.pathname), url.hash);
  } catch {
    return { fault: "elsewhere" };
  }
}

function named(typed: string, hash: string): Destination {
  const name = faultOf(typed) ? tidied(typed) : typed;
  const fault = faultOf(name) && faultOf(typed);
  return fault ? { fault } : { path: `/m/${name}${hash}` };
}
