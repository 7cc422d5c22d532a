// What a browser or program calls itself, in words that people know it by.

const browsers: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bVersion\/\S+ (?:Mobile\/\S+ )?Safari\//, "Safari"],
];

const systems: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\b(?:iPhone|iPad)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

const found = (agent: string, known: typeof browsers) => known.find(([mark]) => mark.test(agent))?.[1];

/** Browser and system where they are known; else the program's own first word. */
export function knownAs(agent: string): string {
  const browser = found(agent, browsers);
  if (!browser) return agent.split(/[\s/]/)[0] ?? "";
  const system = found(agent, systems);
  return system ? `${browser}, ${system}` : browser;
}
