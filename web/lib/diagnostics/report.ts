// The findings of a connection test as plain text, for whoever looks after the server: no token, and nobody's address.
import { browserOf, type Browser } from "../browser";
import { longMoment } from "../format";
import { text } from "../messages";
import { knownAs } from "../user-agent";
import { allChecks, type CheckName, type Results } from "./checks";
import type { Route } from "./route";
import { verdictOf } from "./verdict";
import { figureOf, fixOf, stateInWords, tcpPorts, udpPorts, verdictInWords } from "./words";

export interface Circumstances {
  at: Date;
  /** Of the page. */
  origin: string;
  /** Of the media server. */
  host: string;
  userAgent: string;
}

/** `udp host → host`: what kinds of addresses the two ends have, and not which. */
const candidates = ({ protocol, relay, local, remote }: Route) =>
  [relay ? `turn/${relay}` : protocol, `${local} → ${remote}`].join(" ");

export function reportOf(results: Results, { at, origin, host, userAgent }: Circumstances): string {
  const { offer, route, tcp, turn } = results.measured;
  const { heading, what } = verdictInWords(verdictOf(results), results.measured, host);
  const fact = (key: string, value: string | undefined) => (value ? [`${key}: ${value}`] : []);
  const routes = [route, tcp, turn].filter((one) => one !== undefined).map(candidates);
  return [
    text("diagnostics.report.heading"),
    ...fact(text("diagnostics.report.when"), `${longMoment(at)} (${at.toISOString()})`),
    ...fact(text("diagnostics.report.page"), origin),
    ...fact(text("diagnostics.report.server"), host),
    ...fact(text("diagnostics.report.browser"), `${knownAs(userAgent)} (${userAgent})`),
    "",
    `${heading}. ${what}`,
    "",
    ...allChecks.flatMap((check) => [
      [`${text(`diagnostics.check.${check}`)}: ${stateInWords(results, check)}`, figureOf(results, check)]
        .filter(Boolean)
        .join("; "),
      ...fixLines(results, check, host, browserOf(userAgent)),
    ]),
    "",
    ...fact(text("diagnostics.report.ways"), [...new Set(routes)].join("; ")),
    ...fact(
      text("diagnostics.report.offer"),
      offer &&
        `UDP ${offer.udp.length > 0 ? udpPorts(offer.udp) : "–"}, TCP ${offer.tcp.length > 0 ? tcpPorts(offer.tcp) : "–"}`,
    ),
    "",
  ].join("\n");
}

function fixLines(results: Results, check: CheckName, host: string, browser: Browser): string[] {
  const fix = fixOf(results, check, host, browser);
  return fix ? [`  → ${fix}`] : [];
}
