// The way that sound and pictures take, read from what a browser tells of a peer connection.

export interface Route {
  protocol: "udp" | "tcp";
  /** Over a TURN server; how it is reached is the protocol above, or `tls`. */
  relay?: "udp" | "tcp" | "tls";
  /** What kind of address is at this end (`host`, `srflx`, `prflx`, `relay`), and at the other. */
  local: string;
  remote: string;
  /** At the other end. */
  port?: number;
  /** Milliseconds there and back. */
  roundTrip?: number;
  /** What the browser believes that it could send, in bits per second. */
  outgoing?: number;
}

/** The ports at which LiveKit can be reached directly. */
export interface Offer {
  udp: number[];
  tcp: number[];
}

/** A row of what a browser tells of a connection: what stands in it differs between them. */
export type StatsRow = Record<string, unknown>;

const wordOf = (row: StatsRow | undefined, key: string) =>
  typeof row?.[key] === "string" ? row[key] : undefined;
export const numberOf = (row: StatsRow | undefined, key: string) =>
  typeof row?.[key] === "number" ? row[key] : undefined;

function chosenPair(rows: StatsRow[], byId: Map<unknown, StatsRow>): StatsRow | undefined {
  const transport = rows.find((row) => row.type === "transport" && "selectedCandidatePairId" in row);
  const named = transport && byId.get(transport.selectedCandidatePairId);
  if (named) return named;
  const pairs = rows.filter((row) => row.type === "candidate-pair");
  // Firefox marks the one in use, others only what was agreed upon.
  return (
    pairs.find((pair) => pair.selected === true) ??
    pairs.find((pair) => pair.nominated === true && pair.state === "succeeded")
  );
}

/** The way in use; nothing while there is none. */
export function routeIn(rows: StatsRow[]): Route | undefined {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const pair = chosenPair(rows, byId);
  const local = pair && byId.get(pair.localCandidateId);
  const remote = pair && byId.get(pair.remoteCandidateId);
  if (!pair || !local) return undefined;

  const seconds = numberOf(pair, "currentRoundTripTime");
  const isRelay = local.candidateType === "relay";
  const relay = wordOf(local, "relayProtocol") ?? "udp";
  return {
    protocol: local.protocol === "tcp" ? "tcp" : "udp",
    relay: isRelay ? (relay as Route["relay"]) : undefined,
    local: wordOf(local, "candidateType") ?? "unknown",
    remote: wordOf(remote, "candidateType") ?? "unknown",
    port: numberOf(remote, "port"),
    roundTrip: seconds === undefined ? undefined : seconds * 1000,
    outgoing: numberOf(pair, "availableOutgoingBitrate"),
  };
}

const sorted = (ports: number[]) => [...new Set(ports)].sort((one, other) => one - other);

/** What the other end says in its session description that it can be reached by. */
export function offerIn(sdp: string): Offer {
  // a=candidate:<foundation> <component> <protocol> <priority> <address> <port> typ <type>
  const form = /^a=candidate:\S+ \d+ (\w+) \d+ \S+ (\d+) typ (\w+)/gim;
  const direct = [...sdp.matchAll(form)].filter(([, , , type]) => type !== "relay");
  const ports = (wanted: string) =>
    sorted(
      direct.filter(([, protocol]) => protocol?.toLowerCase() === wanted).map(([, , port]) => Number(port)),
    );
  return { udp: ports("udp"), tcp: ports("tcp") };
}

/** Whether this browser brought an address from which UDP can be tried at all. */
export const triesUdp = (rows: StatsRow[]): boolean =>
  rows.some(
    ({ type, protocol, candidateType }) =>
      type === "local-candidate" && protocol === "udp" && candidateType !== "relay",
  );
