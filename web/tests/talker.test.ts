// The talk in a call with a room of straw: what is sent when, to whom, and whom one obeys.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { ConnectionState, RoomEvent, type Room } from "livekit-client";
import { afterEach, beforeEach, test, vi } from "vitest";
import { Store } from "../lib/call/side/store";
import { after, SILENCE } from "../lib/call/side/talk-state";
import { Talker } from "../lib/call/side/talker";
import { decode, encode, TOPIC, type Word } from "../lib/call/side/wire";

interface Sent {
  word: Word | undefined;
  to: string[] | undefined;
}

const person = (identity: string, role = "speaker") => ({
  identity,
  name: identity.toUpperCase(),
  attributes: { "meetbox.role": role },
});

/** A room that remembers what was sent; `refuses` makes sending fail, and after a reconnection it loses what comes too soon. */
class StrawRoom extends EventEmitter {
  state = ConnectionState.Connected;
  refuses = false;
  #losesUntil = 0;
  sent: Sent[] = [];
  remoteParticipants = new Map<string, unknown>();
  localParticipant = {
    ...person("me"),
    publishData: async (data: Uint8Array, options: { topic: string; destinationIdentities?: string[] }) => {
      if (this.refuses) throw new Error("refused");
      assert.equal(options.topic, TOPIC);
      if (Date.now() < this.#losesUntil) return;
      this.sent.push({ word: decode(data), to: options.destinationIdentities });
    },
  };
  getSid = async () => "RM_1";

  reconnects() {
    this.state = ConnectionState.Connected;
    this.#losesUntil = Date.now() + 2_000;
    this.emit(RoomEvent.Reconnected);
  }
}

function talk() {
  const room = new StrawRoom();
  const store = new Store(after, SILENCE);
  const talker = new Talker(room as unknown as Room, "blue-heron", store);
  const unlisten = talker.listen();
  const hear = (word: Word, sender: unknown, topic = TOPIC) =>
    room.emit(RoomEvent.DataReceived, encode(word), sender, undefined, topic);
  return { room, store, talker, unlisten, hear };
}

const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a message goes to everybody, and stands there as sent", async () => {
  const { room, store, talker } = talk();
  assert.ok(!talker.say("   "));
  assert.ok(talker.say(" Good morning "));
  assert.equal(store.state.messages[0]?.standing, "sending");
  await settled();
  assert.equal(store.state.messages[0]?.standing, undefined);
  assert.equal(room.sent[0]?.word?.kind, "chat");
  assert.equal(room.sent[0]?.to, undefined);
});

test("what cannot be sent is kept, and goes when it is tried again", async () => {
  const { room, store, talker } = talk();
  room.refuses = true;
  talker.say("Good morning");
  await settled();
  const [message] = store.state.messages;
  assert.equal(message?.standing, "failed");
  room.refuses = false;
  if (message) talker.retry(message);
  await settled();
  assert.equal(store.state.messages[0]?.standing, undefined);
  assert.equal(room.sent.length, 1);
});

test("what is said without a connection goes when it is back, and so does what may have been lost", async () => {
  const { room, store, talker } = talk();
  talker.say("just before");
  await settled();
  room.state = ConnectionState.Reconnecting;
  room.emit(RoomEvent.Reconnecting);
  talker.say("in between");
  await settled();
  assert.equal(store.state.messages[1]?.standing, "sending");
  room.sent = [];
  room.reconnects();
  await vi.advanceTimersByTimeAsync(4_000);
  assert.deepEqual(
    room.sent.map(({ word }) => (word?.kind === "chat" ? word.text : word?.kind)),
    ["just before", "in between", "hand", "hello"],
  );
  assert.ok(store.state.messages.every(({ standing }) => standing === undefined));
});

test("when the app has come back by itself, talk goes on as after a reconnection", async () => {
  const { room, store, talker, hear } = talk();
  await settled();
  talker.toggleHand();
  hear({ kind: "hand", up: true, age: 0 }, person("gus"));
  room.state = ConnectionState.Disconnected;
  talker.say("in between");
  room.sent = [];
  room.state = ConnectionState.Connected;
  room.emit(RoomEvent.Connected);
  await settled();

  assert.deepEqual(
    room.sent.map(({ word }) => word?.kind),
    ["chat", "hand", "hello"],
  );
  assert.equal(store.state.messages.at(-1)?.standing, undefined);
  assert.deepEqual([...store.state.hands.keys()], ["me"], "who has a hand up answers the hello");
});

test("what was said just before a break is said again, however long the break lasts", async () => {
  const { room, talker } = talk();
  talker.say("long before");
  await vi.advanceTimersByTimeAsync(60_000);
  talker.say("just before");
  await settled();
  room.sent = [];
  room.emit(RoomEvent.SignalReconnecting);
  await vi.advanceTimersByTimeAsync(60_000);
  room.reconnects();
  await vi.advanceTimersByTimeAsync(4_000);
  const again = room.sent.flatMap(({ word }) => (word?.kind === "chat" ? word.text : []));
  assert.deepEqual(again, ["just before"]);
});

/** What was said to somebody alone. */
const saidTo = (room: StrawRoom, identity: string) =>
  room.sent.flatMap(({ word, to }) => (word?.kind === "chat" && to?.includes(identity) ? word.text : []));

test("whoever learns late that somebody has come asks, and hears what was said until then", async () => {
  const { room, talker, hear } = talk();
  talker.say("Good morning");
  await settled();
  hear({ kind: "hello" }, person("gus"));
  await settled();
  assert.deepEqual(saidTo(room, "gus"), ["Good morning"]);
  await vi.advanceTimersByTimeAsync(90_000);
  hear({ kind: "hello" }, person("eve"));
  await settled();
  assert.deepEqual(saidTo(room, "eve"), [], "what was said long ago is not for newcomers");
});

test("whoever comes back after us hears what was said meanwhile, and somebody new does not", async () => {
  const { room, talker } = talk();
  room.emit(RoomEvent.ParticipantActive, person("gus"));
  room.emit(RoomEvent.Reconnecting);
  await vi.advanceTimersByTimeAsync(30_000);
  room.reconnects();
  talker.say("Who is back?");
  await vi.advanceTimersByTimeAsync(10_000);
  for (const who of ["gus", "eve"]) room.emit(RoomEvent.ParticipantActive, person(who));
  await settled();
  assert.deepEqual(saidTo(room, "gus"), ["Who is back?"]);
  assert.deepEqual(saidTo(room, "eve"), []);
});

test("nobody's hand was up before they came, and one that is up keeps its place", () => {
  const { store, hear } = talk();
  const came = Date.now() - 1_000;
  const gus = { ...person("gus"), joinedAt: new Date(came) };
  hear({ kind: "hand", up: true, age: 86_400_000 }, gus);
  assert.equal(store.state.hands.get("gus"), came);
  hear({ kind: "hand", up: true, age: 0 }, gus);
  assert.equal(store.state.hands.get("gus"), came);
});

test("only people are heard, and only on the topic", () => {
  const { store, hear } = talk();
  const word: Word = { kind: "chat", id: "a", text: "x" };
  hear(word, undefined);
  hear(word, person("gus"), "another");
  assert.equal(store.state.messages.length, 0);
  hear(word, person("gus"));
  assert.equal(store.state.messages[0]?.name, "GUS");
});

test("whoever says too much is passed over, and others are not", () => {
  const { store, hear } = talk();
  for (let turn = 0; turn < 100; turn += 1) hear({ kind: "chat", id: `m${turn}`, text: "x" }, person("gus"));
  const before = store.state.messages.length;
  assert.ok(before < 30, `${before} were heard`);
  hear({ kind: "chat", id: "e", text: "x" }, person("eve"));
  assert.equal(store.state.messages.length, before + 1);
});

test("a raised hand is told to all, to newcomers, and to whoever asks", async () => {
  const { room, talker, hear } = talk();
  room.emit(RoomEvent.ParticipantActive, person("early"));
  assert.deepEqual(
    room.sent.splice(0),
    [{ word: { kind: "hello" }, to: ["early"] }],
    "a hand that is down is nothing to tell",
  );
  talker.toggleHand();
  assert.deepEqual(room.sent.pop(), { word: { kind: "hand", up: true, age: 0 }, to: undefined });
  await vi.advanceTimersByTimeAsync(5_000);
  room.emit(RoomEvent.ParticipantActive, person("late"));
  assert.deepEqual(room.sent.splice(0), [
    { word: { kind: "hand", up: true, age: 5_000 }, to: ["late"] },
    { word: { kind: "hello" }, to: ["late"] },
  ]);
  hear({ kind: "hello" }, person("back"));
  assert.deepEqual(room.sent.pop()?.to, ["back"]);
  talker.toggleHand();
  assert.deepEqual(room.sent.pop()?.word, { kind: "hand", up: false });
});

test("a hand comes down when a host asks, and for nobody else", () => {
  const { room, store, talker, hear } = talk();
  talker.toggleHand();
  hear({ kind: "lower" }, person("gus"));
  assert.ok(store.state.hands.has("me"));
  hear({ kind: "lower" }, person("ada", "host"));
  assert.ok(!store.state.hands.has("me"));
  assert.deepEqual(room.sent.at(-1)?.word, { kind: "hand", up: false });
  assert.deepEqual(store.state.lines.at(-1)?.news, { about: "lowered", name: "ADA" });
});

test("the hands of others keep the order in which they were raised, and go with their owners", async () => {
  const { room, store, hear } = talk();
  hear({ kind: "hand", up: true, age: 1_000 }, person("gus"));
  hear({ kind: "hand", up: true, age: 9_000 }, person("eve"));
  const since = (who: string) => store.state.hands.get(who) ?? 0;
  assert.ok(since("eve") < since("gus"));
  room.emit(RoomEvent.ParticipantDisconnected, person("eve"));
  assert.deepEqual([...store.state.hands.keys()], ["gus"]);
});

test("hosts hear of a hand that was raised just now", () => {
  const { room, store, hear } = talk();
  hear({ kind: "hand", up: true, age: 0 }, person("gus"));
  assert.equal(store.state.lines.length, 0, "others do not");
  room.localParticipant.attributes["meetbox.role"] = "host";
  hear({ kind: "hand", up: true, age: 60_000 }, person("eve"));
  assert.equal(store.state.lines.length, 0, "one of an hour ago is in the list");
  hear({ kind: "hand", up: true, age: 100 }, person("finn"));
  hear({ kind: "hand", up: true, age: 200 }, person("finn"));
  assert.deepEqual(
    store.state.lines.map(({ news }) => news),
    [{ about: "hand", name: "FINN" }],
  );
});

test("that a host stopped something is believed of hosts only", () => {
  const { store, hear } = talk();
  hear({ kind: "stopped", what: "microphone" }, person("gus"));
  assert.equal(store.state.lines.length, 0);
  hear({ kind: "stopped", what: "microphone" }, person("ada", "host"));
  assert.deepEqual(store.state.lines[0]?.news, { about: "stopped", what: "microphone", name: "ADA" });
});

test("another role is told once, and lines go by themselves", async () => {
  const { room, store } = talk();
  room.localParticipant.attributes["meetbox.role"] = "viewer";
  room.emit(RoomEvent.ParticipantAttributesChanged, {}, room.localParticipant);
  room.emit(RoomEvent.ParticipantAttributesChanged, {}, room.localParticipant);
  assert.deepEqual(
    store.state.lines.map(({ news }) => news),
    [{ about: "role", role: "viewer" }],
  );
  await vi.advanceTimersByTimeAsync(10_000);
  assert.equal(store.state.lines.length, 0);
});

test("coming and going is told, but not after a broken connection and not in a crowd", async () => {
  const { room, store, unlisten } = talk();
  const told = async () => {
    await vi.advanceTimersByTimeAsync(2_000);
    return store.state.lines.length;
  };
  room.emit(RoomEvent.ParticipantDisconnected, person("gus"));
  room.emit(RoomEvent.Reconnecting);
  room.emit(RoomEvent.Reconnected);
  room.emit(RoomEvent.ParticipantConnected, person("gus"));
  assert.equal(await told(), 0);
  await vi.advanceTimersByTimeAsync(10_000);
  room.emit(RoomEvent.ParticipantConnected, person("eve"));
  assert.equal(await told(), 1);
  for (let turn = 0; turn < 30; turn += 1) room.remoteParticipants.set(`p${turn}`, undefined);
  room.emit(RoomEvent.ParticipantConnected, person("finn"));
  assert.equal(await told(), 1);
  unlisten();
  assert.equal(room.listenerCount(RoomEvent.DataReceived), 0);
});

test("reactions float with a name for a moment, and one's own are held to a pace", async () => {
  const { room, store, talker, hear } = talk();
  hear({ kind: "reaction", which: "like" }, person("gus"));
  assert.deepEqual(
    store.state.floats.map(({ name }) => name),
    ["GUS"],
  );
  for (let turn = 0; turn < 50; turn += 1) talker.react("heart");
  assert.ok(room.sent.length < 10);
  await vi.advanceTimersByTimeAsync(5_000);
  assert.equal(store.state.floats.length, 0);
});
