// Makes a connection test: connects two ends, sends from one to the other, and tries the detours.
import type { ConnectionTest } from "@meetbox/client";
import { RoomEvent, Track } from "livekit-client";
import { bandwidthOf, perSecond, sampleOf, weaknessOf, type Sample } from "./bandwidth";
import type { News } from "./checks";
import { TestEnd, until } from "./end";
import type { Route } from "./route";
import { testMedia, type TestMedia } from "./test-media";

/** In milliseconds. */
const UDP_PATIENCE = 2_500;
const MEDIA_PATIENCE = 6_000;
const MEASURE = 5_000;
const TCP_PATIENCE = 8_000;

/** The most that is sent, in bits per second: what a good picture of one person needs. */
const MOST = 2_000_000;

interface Running {
  test: ConnectionTest;
  tell: (news: News) => void;
  stop: AbortSignal;
}

/** Tells each finding as soon as it is there; throws only when it is stopped, or when the browser breaks. */
export async function runTest(running: Running): Promise<void> {
  const { test, stop } = running;
  const [sender, receiver] = [new TestEnd(test.url, stop), new TestEnd(test.url, stop)];
  try {
    const route = await findWay(running, sender);
    if (!route) return;
    await sendAndReceive(running, sender, receiver);
    await receiver.leave();
    await detourByTcp(running, sender, route);
    await detourByTurn(running, sender, route);
  } finally {
    await Promise.all([sender.leave(), receiver.leave()]);
  }
}

/** Signal and UDP. Answers how sound and pictures go, or nothing when they do not. */
async function findWay({ test, tell, stop }: Running, end: TestEnd): Promise<Route | undefined> {
  tell({ check: "signal", state: "runs" });
  end.room.once(RoomEvent.SignalConnected, () => {
    tell({ check: "signal", state: "passed", measured: { signal: end.signal } });
    tell({ check: "udp", state: "runs" });
  });
  const connected = await end.connect(test.publisher).then(
    () => true,
    () => false,
  );
  stop.throwIfAborted();
  if (end.signal === undefined) {
    tell({ check: "signal", state: "failed" });
    return undefined;
  }

  let route: Route | undefined;
  // Browsers may begin on TCP, and move as soon as UDP has answered.
  if (connected) {
    const isBest = (found: Route | undefined) => found?.protocol === "udp" && !found.relay;
    await until(
      async () => {
        route = await end.route();
        return isBest(route) || undefined;
      },
      UDP_PATIENCE,
      stop,
    );
    await end.look();
  }
  const measured = { offer: end.offer, triesUdp: end.triesUdp, route };
  const byUdp = route?.protocol === "udp" && !route.relay;
  tell({ check: "udp", state: byUdp ? "passed" : "failed", measured });
  if (!route) noDetour({ tell }, end);
  return route;
}

/** A browser tries every way at once: when none is found, none of them is open. */
function noDetour({ tell }: Pick<Running, "tell">, end: TestEnd) {
  const offered = { tcp: end.offer.tcp.length > 0, turn: end.hasTurn };
  for (const check of ["tcp", "turn"] as const)
    tell(offered[check] ? { check, state: "failed" } : { check, state: "skipped", why: "notOffered" });
}

async function sendAndReceive(running: Running, sender: TestEnd, receiver: TestEnd) {
  const { test, tell } = running;
  tell({ check: "publish", state: "runs" });
  const media = await testMedia();
  try {
    show(receiver);
    await receiver.connect(test.subscriber);
    await send(sender, media);
    const ends: [TestEnd, TestEnd] = [sender, receiver];
    if (await arrives(running, ends, media.sounds)) await measure(running, ends);
  } catch (error) {
    running.stop.throwIfAborted();
    console.warn("nothing can be sent:", error);
    tell({ check: "publish", state: "failed" });
  } finally {
    media.stop();
  }
}

/** Browsers may not decode what nobody looks at. */
function show(end: TestEnd) {
  end.room.on(RoomEvent.TrackSubscribed, (track) => {
    if (track.kind === Track.Kind.Video) track.attach();
  });
}

async function send(end: TestEnd, { video, audio }: TestMedia) {
  await end.room.localParticipant.publishTrack(video, {
    source: Track.Source.Camera,
    simulcast: false,
    videoCodec: "vp8",
    videoEncoding: { maxBitrate: MOST, maxFramerate: 20 },
  });
  await end.room.localParticipant.publishTrack(audio, { source: Track.Source.Microphone, dtx: false });
}

async function sample([sender, receiver]: [TestEnd, TestEnd]): Promise<Sample> {
  const [sending, receiving] = await Promise.all([sender.report(), receiver.report()]);
  return sampleOf(performance.now(), sending, receiving);
}

/** Whether pictures and sound come out at the other end. */
async function arrives({ tell, stop }: Running, ends: [TestEnd, TestEnd], sounds: boolean): Promise<boolean> {
  const first = await sample(ends);
  const seen: { sent?: boolean } = {};
  const all = await until(
    async () => {
      const now = await sample(ends);
      if (!seen.sent && now.framesSent > 10 && now.bytesSent > 5_000) {
        seen.sent = true;
        const framesPerSecond = perSecond(first, now, "framesSent");
        const { width, height } = now;
        tell({ check: "publish", state: "passed", measured: { sent: { width, height, framesPerSecond } } });
        tell({ check: "subscribe", state: "runs" });
      }
      const sound = now.soundBytes > 500;
      return now.framesDecoded > 10 && (sound || !sounds) ? { now, sound } : undefined;
    },
    MEDIA_PATIENCE,
    stop,
  );
  if (!seen.sent) tell({ check: "publish", state: "failed" });
  if (seen.sent && !all) tell({ check: "subscribe", state: "failed" });
  if (!seen.sent || !all) return false;
  const received = { framesPerSecond: perSecond(first, all.now, "framesDecoded"), sound: all.sound };
  tell({ check: "subscribe", state: "passed", measured: { received } });
  return true;
}

async function measure({ tell, stop }: Running, ends: [TestEnd, TestEnd]) {
  tell({ check: "bandwidth", state: "runs" });
  const samples: Sample[] = [];
  await until(
    async () => {
      samples.push(await sample(ends));
      return undefined;
    },
    MEASURE,
    stop,
  );
  const bandwidth = bandwidthOf(samples);
  const [first, last] = [samples[0], samples.at(-1)];
  if (!bandwidth || !first || !last) return tell({ check: "bandwidth", state: "failed" });
  const sent = {
    width: last.width,
    height: last.height,
    framesPerSecond: perSecond(first, last, "framesSent"),
  };
  const received = {
    framesPerSecond: perSecond(first, last, "framesDecoded"),
    sound: last.soundBytes > 0,
  };
  const state = weaknessOf(bandwidth) ? "warns" : "passed";
  tell({ check: "bandwidth", state, measured: { bandwidth, sent, received } });
}

/** Connects anew over TCP alone, unless that is the way already. */
async function detourByTcp({ tell, stop }: Running, end: TestEnd, route: Route) {
  if (route.protocol === "tcp" && !route.relay)
    return tell({ check: "tcp", state: "passed", measured: { tcp: route } });
  await end.look();
  tell({ check: "tcp", state: "runs", measured: { offer: end.offer } });
  if (end.offer.tcp.length === 0) return tell({ check: "tcp", state: "skipped", why: "notOffered" });
  // Whoever is relayed would be on TCP if that went.
  if (route.relay) return tell({ check: "tcp", state: "failed" });

  // What was sent would be sent again after the change.
  await end.stopSending();
  await end.room.simulateScenario("force-tcp");
  const tcp = await until(
    async () => {
      const found = await end.route();
      return found?.protocol === "tcp" && !found.relay ? found : undefined;
    },
    TCP_PATIENCE,
    stop,
  );
  tell(tcp ? { check: "tcp", state: "passed", measured: { tcp } } : { check: "tcp", state: "warns" });
}

/** Connects over a relay alone, where LiveKit offers one. */
async function detourByTurn({ test, tell, stop }: Running, sender: TestEnd, route: Route) {
  if (!sender.hasTurn) return tell({ check: "turn", state: "skipped", why: "notOffered" });
  if (route.relay) return tell({ check: "turn", state: "passed", measured: { turn: route } });

  tell({ check: "turn", state: "runs" });
  const end = new TestEnd(test.url, stop);
  try {
    await end.connect(test.subscriber, { iceTransportPolicy: "relay" });
    tell({ check: "turn", state: "passed", measured: { turn: await end.route() } });
  } catch {
    stop.throwIfAborted();
    tell({ check: "turn", state: "warns" });
  } finally {
    await end.leave();
  }
}
