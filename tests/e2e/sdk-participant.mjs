// One participant of LiveKit's own Node SDK: joins, publishes a microphone, and leaves when told to.
//
//   node sdk-participant.mjs ws://127.0.0.1:7880 TOKEN
//
// Says on stdout, one JSON object a line, what happened and when; leaves when standard input ends or says `leave`.
import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
  dispose,
} from "@livekit/rtc-node";

const SAMPLE_RATE = 48_000;
const FRAME = SAMPLE_RATE / 100;

const [url, token] = process.argv.slice(2);
if (!token) {
  console.error("error: two arguments are needed\n\nhint: node sdk-participant.mjs ws://127.0.0.1:7880 TOKEN");
  process.exit(1);
}

const say = (event, more = {}) => console.log(JSON.stringify({ event, at: Date.now(), ...more }));

const room = new Room();
room.on(RoomEvent.TrackSubscribed, (_track, _publication, participant) =>
  say("subscribed", { to: participant.identity }),
);
await room.connect(url, token, { autoSubscribe: true, dynacast: false });
say("joined", { identity: room.localParticipant.identity, sid: room.localParticipant.sid });

const source = new AudioSource(SAMPLE_RATE, 1);
const options = new TrackPublishOptions();
options.source = TrackSource.SOURCE_MICROPHONE;
await room.localParticipant.publishTrack(LocalAudioTrack.createAudioTrack("microphone", source), options);
say("published");

let leaving = false;
const silence = async () => {
  while (!leaving) await source.captureFrame(new AudioFrame(new Int16Array(FRAME), SAMPLE_RATE, 1, FRAME));
};
const told = new Promise((resolve) => {
  process.stdin.on("data", resolve);
  process.stdin.on("end", resolve);
});
const playing = silence();
await told;

leaving = true;
await playing;
await room.disconnect();
say("left");
await dispose();
process.exit(0);
