// Many participants in one cheap process: small moving pictures, a few a second, and a tone from whoever is to speak.
//
//   node crowd.mjs ws://127.0.0.1:7880 TOKEN TOKEN …
//
// Says `ready` on stdout when all are in and seen. Is told on stdin, one command a line: `speak NUMBER` (counted from 0; the
// one before is silent again), `hush`, `leave`.
import { createInterface } from "node:readline";
import {
  AudioFrame,
  AudioSource,
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
} from "@livekit/rtc-node";

const [url, ...tokens] = process.argv.slice(2);
const [WIDTH, HEIGHT] = [960, 540];
const PER_SECOND = 4;
const SAMPLE_RATE = 16_000;
const SAMPLES = SAMPLE_RATE / 100;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let over = false;
let speaker;

/** A grey picture with a bar that wanders, so that there is something to encode. */
function picture(step) {
  const data = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(96, 0, WIDTH * HEIGHT).fill(128, WIDTH * HEIGHT);
  const left = (step * 24) % (WIDTH - 48);
  for (let row = 0; row < HEIGHT; row += 1) data.fill(208, row * WIDTH + left, row * WIDTH + left + 48);
  return new VideoFrame(data, WIDTH, HEIGHT, VideoBufferType.I420);
}

async function show(sources) {
  for (let step = 0; !over; step += 1) {
    const frame = picture(step);
    for (const source of sources) {
      source.captureFrame(frame);
      // Not all at once: the encoders share two cores.
      await pause(1000 / PER_SECOND / sources.length);
    }
  }
}

function tone(step) {
  const wave = (index) =>
    Math.round(9_000 * Math.sin((2 * Math.PI * 300 * (step * SAMPLES + index)) / SAMPLE_RATE));
  return new AudioFrame(
    Int16Array.from({ length: SAMPLES }, (_, index) => wave(index)),
    SAMPLE_RATE,
    1,
    SAMPLES,
  );
}

async function talk(sources) {
  for (let step = 0; !over; step += 1) {
    if (speaker === undefined) await pause(50);
    else await sources[speaker].captureFrame(tone(step));
  }
}

async function join(token) {
  const room = new Room();
  await room.connect(url, token, { autoSubscribe: false, dynacast: true });
  const camera = new VideoSource(WIDTH, HEIGHT);
  const microphone = new AudioSource(SAMPLE_RATE, 1);
  const seen = new TrackPublishOptions({ source: TrackSource.SOURCE_CAMERA, simulcast: true });
  const heard = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
  await room.localParticipant.publishTrack(LocalVideoTrack.createVideoTrack("camera", camera), seen);
  await room.localParticipant.publishTrack(LocalAudioTrack.createAudioTrack("microphone", microphone), heard);
  return { room, camera, microphone };
}

const people = [];
for (const token of tokens) people.push(await join(token));
const shows = show(people.map(({ camera }) => camera));
const talks = talk(people.map(({ microphone }) => microphone));
console.log("ready");

for await (const line of createInterface({ input: process.stdin })) {
  const [command, number] = line.trim().split(" ");
  if (command === "leave") break;
  speaker = command === "speak" ? Number(number) : undefined;
}
over = true;
await Promise.all([shows, talks]);
for (const { room } of people) await room.disconnect();
await dispose();
process.exit(0);
