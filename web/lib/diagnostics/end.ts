// One end of a connection test: a way to LiveKit, and what the browser tells of it.
import { Room, RoomEvent } from "livekit-client";
import { offerIn, routeIn, triesUdp, type StatsRow, type Offer, type Route } from "./route";

/** In milliseconds, how long each part of connecting may take. */
const SIGNAL = 5_000;
const MEDIA = 8_000;
const LOOK = 200;

export class TestEnd {
  readonly room = new Room();
  /** Milliseconds until LiveKit answered. */
  signal?: number;
  offer: Offer = { udp: [], tcp: [] };
  triesUdp = false;
  hasTurn = false;
  private began = 0;

  constructor(
    private readonly url: string,
    private readonly stop: AbortSignal,
  ) {
    this.room.once(RoomEvent.SignalConnected, () => {
      this.signal = performance.now() - this.began;
    });
  }

  /** Connects, or throws; what was seen until then stays. */
  async connect(token: string, rtcConfig?: RTCConfiguration): Promise<void> {
    this.stop.throwIfAborted();
    const leave = () => void this.room.disconnect();
    this.stop.addEventListener("abort", leave);
    this.began = performance.now();
    // Where it fails, nothing is left afterwards to look at.
    const look = setInterval(() => void this.look(), LOOK);
    try {
      await this.room.connect(this.url, token, {
        maxRetries: 0,
        websocketTimeout: SIGNAL,
        peerConnectionTimeout: MEDIA,
        rtcConfig,
      });
      await this.look();
    } finally {
      clearInterval(look);
      this.stop.removeEventListener("abort", leave);
    }
  }

  /**
   * LiveKit's client has no public way to its peer connection; this is what its own connection check uses. Older servers
   * have two of them, of which one end of the test needs only one.
   */
  private get peer() {
    const manager = this.room.engine?.pcManager;
    const both = [manager?.publisher, manager?.subscriber];
    return both.find((peer) => peer?.isICEConnected) ?? manager?.publisher;
  }

  /** What can be known by now: both ends name their addresses one after the other. */
  async look(): Promise<void> {
    const theirs = this.peer?.getRemoteDescription()?.sdp;
    if (theirs) this.offer = offerIn(theirs);
    const servers = this.room.engine?.latestJoinResponse?.iceServers ?? [];
    this.hasTurn ||= servers.some(({ urls }) => urls.some((url) => /^turns?:/.test(url)));
    this.triesUdp ||= triesUdp(await this.report());
  }

  async report(): Promise<StatsRow[]> {
    const rows: StatsRow[] = [];
    // A peer connection that is being replaced has nothing to tell.
    const report = await this.peer?.getStats()?.catch(() => undefined);
    report?.forEach((row: StatsRow) => rows.push(row));
    return rows;
  }

  async route(): Promise<Route | undefined> {
    return routeIn(await this.report());
  }

  async stopSending(): Promise<void> {
    const { localParticipant } = this.room;
    const tracks = [...localParticipant.trackPublications.values()].flatMap(({ track }) => track ?? []);
    await localParticipant.unpublishTracks(tracks);
  }

  leave(): Promise<void> {
    return this.room.disconnect();
  }
}

const sleep = (milliseconds: number, stop: AbortSignal) =>
  new Promise<void>((done, stopped) => {
    const timer = setTimeout(done, milliseconds);
    stop.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        stopped(stop.reason as Error);
      },
      { once: true },
    );
  });

/** Asks every quarter of a second until there is an answer, or time is up. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  within: number,
  stop: AbortSignal,
): Promise<T | undefined> {
  const deadline = performance.now() + within;
  for (;;) {
    stop.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadline) return answer;
    await sleep(250, stop);
  }
}
