// One participant of LiveKit's own Node SDK: joins, does what it is told, and leaves.
//
//   node sdk-participant.mjs ws://127.0.0.1:7880 TOKEN
//
// Is told on stdin, one command a line; each is answered before the next is read:
//
//   publish microphone | publish camera   `published`, or `refused` with the reason
//   metadata TEXT                         tries to change its own metadata: `changed` or `refused`
//   attributes JSON                       the same for its attributes
//   look                                  `sees`: the room's metadata, itself and the others
//   leave                                 `left`; so does the end of stdin
//
// Says on stdout, one JSON object a line, what happened and when, also what it was not told to do: others' tracks
// (`subscribed`, `muted`, `unpublished`), the room's metadata (`room`), and that it was sent out (`out`).
import { createInterface } from "node:readline";
import {
  AudioFrame,
  AudioSource,
  DisconnectReason,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
  dispose,
} from "@livekit/rtc-node";

const SAMPLE_RATE = 48_000;
const FRAME = SAMPLE_RATE / 100;
const [WIDTH, HEIGHT] = [160, 90];
// How long a publication may take; LiveKit does not answer one that it refuses.
const PATIENCE = 5_000;

const [url, token] = process.argv.slice(2);
if (!token) {
  console.error("error: two arguments are needed\n\nhint: node sdk-participant.mjs ws://127.0.0.1:7880 TOKEN");
  process.exit(1);
}

const say = (event, more = {}) => console.log(JSON.stringify({ event, at: Date.now(), ...more }));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const sourceOf = (publication) => TrackSource[publication.source]?.replace("SOURCE_", "").toLowerCase();
const about = (publication, participant) => ({
  identity: participant.identity,
  sid: publication.sid,
  source: sourceOf(publication),
});

let over = false;
const room = new Room();
room
  .on(RoomEvent.TrackSubscribed, (_track, publication, participant) =>
    say("subscribed", { to: participant.identity, ...about(publication, participant) }),
  )
  .on(RoomEvent.TrackMuted, (publication, participant) => say("muted", about(publication, participant)))
  .on(RoomEvent.TrackUnpublished, (publication, participant) =>
    say("unpublished", about(publication, participant)),
  )
  .on(RoomEvent.RoomMetadataChanged, (metadata) => say("room", { metadata }))
  .on(RoomEvent.Disconnected, (reason) => {
    over = true;
    say("out", { reason: DisconnectReason[reason] ?? reason });
  });

const within = (work, what) =>
  Promise.race([
    work,
    pause(PATIENCE).then(() => Promise.reject(new Error(`${what}: no answer within ${PATIENCE} ms`))),
  ]);

async function playSilence(source) {
  while (!over) await source.captureFrame(new AudioFrame(new Int16Array(FRAME), SAMPLE_RATE, 1, FRAME));
}

async function playDark(source) {
  const frame = new VideoFrame(new Uint8Array(WIDTH * HEIGHT * 4), WIDTH, HEIGHT, VideoBufferType.RGBA);
  for (; !over; await pause(100)) source.captureFrame(frame);
}

async function publish(name) {
  const options = new TrackPublishOptions();
  let track, playing, source;
  if (name === "camera") {
    source = new VideoSource(WIDTH, HEIGHT);
    track = LocalVideoTrack.createVideoTrack(name, source);
    options.source = TrackSource.SOURCE_CAMERA;
    playing = playDark;
  } else {
    source = new AudioSource(SAMPLE_RATE, 1);
    track = LocalAudioTrack.createAudioTrack(name, source);
    options.source = TrackSource.SOURCE_MICROPHONE;
    playing = playSilence;
  }
  const publication = await within(room.localParticipant.publishTrack(track, options), `publish ${name}`);
  // A track that is taken away again makes its source refuse frames.
  playing(source).catch(() => {});
  say("published", { source: name, sid: publication.sid });
}

const seen = (participant) => ({
  identity: participant.identity,
  name: participant.name,
  metadata: participant.metadata,
  attributes: participant.attributes,
  tracks: [...participant.trackPublications.values()].map((publication) => ({
    ...about(publication, participant),
    muted: publication.muted,
  })),
});

const COMMANDS = {
  publish,
  metadata: async (text) => {
    await within(room.localParticipant.updateMetadata(text), "metadata");
    say("changed");
  },
  attributes: async (json) => {
    await within(room.localParticipant.setAttributes(JSON.parse(json)), "attributes");
    say("changed");
  },
  look: () =>
    say("sees", {
      room: room.metadata,
      me: seen(room.localParticipant),
      others: [...room.remoteParticipants.values()].map(seen),
    }),
};

try {
  await room.connect(url, token, { autoSubscribe: true, dynacast: false });
} catch (error) {
  say("kept_out", { why: String(error?.message ?? error) });
  process.exit(0);
}
say("joined", { identity: room.localParticipant.identity, sid: room.localParticipant.sid });

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...rest] = line.trim().split(" ");
  if (command === "leave") break;
  try {
    await COMMANDS[command](rest.join(" "));
  } catch (error) {
    say("refused", { command: line.trim(), why: String(error?.message ?? error) });
  }
}

if (!over) {
  over = true;
  await room.disconnect();
}
say("left");
await dispose();
process.exit(0);
