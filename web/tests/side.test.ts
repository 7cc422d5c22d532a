// What is said beside the pictures: words from the wire, links, hands, unread messages, what a tab keeps, who came and went.
import assert from "node:assert/strict";
import { afterEach, test, vi } from "vitest";
import { Crowd } from "../lib/call/side/crowd";
import { mayShare, withShare } from "../lib/call/side/decrees";
import { keptIn, toKeep } from "../lib/call/side/kept-talk";
import { linkify } from "../lib/call/side/linkify";
import { Pace } from "../lib/call/side/pace";
import { inOrder, named, type Person } from "../lib/call/side/person";
import { Store } from "../lib/call/side/store";
import {
  after,
  handsInOrder,
  MOST_MESSAGES,
  SILENCE,
  type Message,
  type TalkState,
} from "../lib/call/side/talk-state";
import { cleaned, decode, encode, LONGEST, newId, type Word } from "../lib/call/side/wire";

afterEach(() => vi.useRealTimers());

const raw = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test.each<Word>([
  { kind: "chat", id: "a1", text: "Good morning" },
  { kind: "hand", up: true, age: 5_000 },
  { kind: "hand", up: false },
  { kind: "lower" },
  { kind: "hello" },
  { kind: "reaction", which: "heart" },
  { kind: "stopped", what: "camera" },
])("$kind comes over the wire as it was sent", (word) => {
  assert.deepEqual(decode(encode(word)), word);
});

test.each([
  null,
  "chat",
  [],
  { kind: "chat" },
  { kind: "chat", id: "a", text: 7 },
  { kind: "chat", id: "a", text: "  \n " },
  { kind: "chat", id: "no id", text: "x" },
  { kind: "chat", id: "a".repeat(65), text: "x" },
  { kind: "chat", id: "a", text: "x".repeat(LONGEST + 1) },
  { kind: "hand" },
  { kind: "hand", up: true },
  { kind: "hand", up: true, age: "5" },
  { kind: "reaction", which: "__proto__" },
  { kind: "stopped", what: "heart" },
  { kind: "constructor" },
])("%j from the wire is passed over", (found) => {
  assert.equal(decode(raw(found)), undefined);
});

test("what is no text, or far too much, is not even read", () => {
  assert.equal(decode(new Uint8Array([0xff, 0xfe])), undefined);
  assert.equal(decode(new TextEncoder().encode("{")), undefined);
  assert.equal(decode(raw({ kind: "hello", more: "x".repeat(20_000) })), undefined);
});

test("the longest message fits, whatever letters it is written in", () => {
  const word: Word = { kind: "chat", id: newId(), text: "\u{1f600}".repeat(LONGEST / 2) };
  assert.deepEqual(decode(encode(word)), word);
  const quotes: Word = { kind: "chat", id: newId(), text: '"\n"'.repeat(LONGEST / 3) };
  assert.deepEqual(decode(encode(quotes)), quotes);
});

test("a hand is up neither in the future nor for days", () => {
  assert.deepEqual(decode(raw({ kind: "hand", up: true, age: -5 })), { kind: "hand", up: true, age: 0 });
  assert.deepEqual(decode(raw({ kind: "hand", up: true, age: 1e12 })), {
    kind: "hand",
    up: true,
    age: 86_400_000,
  });
});

test("a message keeps its lines and loses what nobody can read", () => {
  assert.equal(cleaned("  one\r\ntwo\u0007\u0000\n\n"), "one\ntwo");
  assert.equal(cleaned("\u0001\ufeff"), undefined);
  // With these, an address is shown backwards as another.
  assert.equal(cleaned("\u202ehttps://evil.example/\u2066x\u200f"), "https://evil.example/x");
});

test("an address that only looks like one says where it leads", () => {
  const leadsTo = (words: string) =>
    linkify(words).map((part) => (typeof part === "string" ? undefined : part.leadsTo));
  assert.deepEqual(leadsTo("https://Apple.example/x"), [undefined]);
  assert.deepEqual(leadsTo("https://\u0430pple.example/x"), ["xn--pple-43d.example"]);
  assert.deepEqual(leadsTo("http:\\\\elsewhere.example"), [undefined]);
});

test.each([
  ["nothing to see", ["nothing to see"]],
  ["see https://a.example/x.", ["see ", "https://a.example/x", "."]],
  ["(http://a.example/b_(c))", ["(", "http://a.example/b_(c)", ")"]],
  ["https://a.example?x=1&y=2, and", ["https://a.example?x=1&y=2", ", and"]],
  ["https://a.example/\nhttps://b.example/", ["https://a.example/", "\n", "https://b.example/"]],
  ["javascript:alert(1) data:text/html,x ftp://a.example", undefined],
  ["https://bank.example@evil.example/ https://", undefined],
  ["<a href='https://a.example/'>", ["<a href='", "https://a.example/", "'>"]],
])("the links in %j", (words, expected) => {
  const parts = linkify(words);
  const labels = parts.map((part) => (typeof part === "string" ? part : part.label));
  assert.equal(labels.join(""), words, "together they are the message");
  assert.deepEqual(labels, expected ?? [words]);
  for (const part of parts) if (typeof part !== "string") assert.match(part.href, /^https?:\/\//);
});

const message = (id: string, more: Partial<Message> = {}): Message => ({
  id,
  from: "gus",
  name: "Gus",
  own: false,
  at: 0,
  text: id,
  ...more,
});

test("what is heard counts as unread until the chat is open", () => {
  const store = new Store(after, SILENCE);
  store.tell({ do: "hear", message: message("a") });
  store.tell({ do: "hear", message: message("b") });
  store.tell({ do: "hear", message: message("b") });
  assert.equal(store.state.unread, 2, "the same one again is no news");
  assert.equal(store.state.latest, "Gus");
  store.tell({ do: "show", side: "people" });
  assert.equal(store.state.unread, 2);
  store.tell({ do: "show", side: "chat" });
  store.tell({ do: "hear", message: message("c") });
  assert.deepEqual([store.state.unread, store.state.latest], [0, undefined]);
  store.tell({ do: "say", message: message("d", { own: true, standing: "sending" }) });
  store.tell({ do: "stand", id: "d", standing: undefined });
  assert.equal(store.state.messages.at(-1)?.standing, undefined);
});

test("two people's messages may have the same id, and only one's own changes where it stands", () => {
  const store = new Store(after, SILENCE);
  store.tell({ do: "hear", message: message("a") });
  store.tell({ do: "hear", message: message("a", { from: "eve" }) });
  store.tell({ do: "stand", id: "a", standing: "failed" });
  assert.equal(store.state.messages.length, 2);
  assert.ok(store.state.messages.every(({ standing }) => standing === undefined));
});

test("what was kept over a reload is there once, also when it is said again meanwhile", () => {
  const store = new Store(after, SILENCE);
  store.tell({ do: "hear", message: message("a") });
  store.tell({ do: "hear", message: message("c") });
  assert.equal(store.state.unread, 2);
  store.tell({ do: "remember", messages: [message("a"), message("b", { own: true })], draft: "" });
  assert.deepEqual(
    store.state.messages.map(({ id }) => id),
    ["a", "b", "c"],
  );
  assert.equal(store.state.unread, 1, "the first was read before the reload");
});

test("the oldest messages go first", () => {
  let state: TalkState = SILENCE;
  for (let turn = 0; turn < MOST_MESSAGES + 3; turn += 1)
    state = after(state, { do: "hear", message: message(`m${turn}`) });
  assert.equal(state.messages.length, MOST_MESSAGES);
  assert.equal(state.messages[0]?.id, "m3");
});

test("a component that looks at one part is not told of another", () => {
  const store = new Store(after, SILENCE);
  let told = 0;
  store.subscribe(() => (told += 1));
  store.tell({ do: "lower", identity: "nobody" });
  assert.equal(told, 0, "nothing changed");
  const { hands } = store.state;
  store.tell({ do: "draft", draft: "x" });
  assert.equal(told, 1);
  assert.equal(store.state.hands, hands);
});

test("of reactions in a row one is read out, and only so many float", () => {
  let state: TalkState = SILENCE;
  for (let key = 0; key < 40; key += 1)
    state = after(state, {
      do: "float",
      float: { key, which: "like", name: "Gus", own: false, at: 10_000 + key * 10 },
    });
  assert.equal(state.spoken?.key, 0);
  assert.ok(state.floats.length < 40);
  state = after(state, { do: "sink", key: 39 });
  assert.ok(state.floats.every(({ key }) => key !== 39));
});

test("hands stand in the order of raising", () => {
  let state: TalkState = SILENCE;
  const raise = (identity: string, at: number) => (state = after(state, { do: "raise", identity, at }));
  raise("late", 30);
  raise("first", 10);
  raise("b", 20);
  raise("a", 20);
  assert.deepEqual(handsInOrder(state.hands), ["first", "a", "b", "late"]);
  state = after(state, { do: "lower", identity: "first" });
  assert.deepEqual(handsInOrder(state.hands), ["a", "b", "late"]);
});

const person = (name: string, more: Partial<Person> = {}): Person => ({
  identity: name.toLowerCase(),
  name,
  own: false,
  guest: false,
  role: "speaker",
  microphone: undefined,
  camera: undefined,
  screen: undefined,
  quality: "excellent" as Person["quality"],
  ...more,
});

test("people stand with hands first, then oneself, hosts, and the others by name", () => {
  const people = [
    person("Zoe"),
    person("Ben"),
    person("Hana", { role: "host" }),
    person("Me", { own: true }),
    person("Tim"),
    person("Uma"),
  ];
  assert.deepEqual(
    inOrder(people, ["uma", "tim"]).map(({ name }) => name),
    ["Uma", "Tim", "Me", "Hana", "Ben", "Zoe"],
  );
  assert.deepEqual(
    named([person("Zoë"), person("Ben")], " ZOE").map(({ name }) => name),
    ["Zoë"],
  );
  assert.equal(named(people, "").length, people.length);
});

test("a tab keeps the chat of one sitting", () => {
  const messages = [message("a"), message("b", { own: true, standing: "sending" })];
  const stored = toKeep("RM_1", { messages, draft: "half a tho" });
  const found = keptIn(stored, "RM_1");
  assert.equal(found.draft, "half a tho");
  assert.deepEqual(found.messages[0], messages[0]);
  assert.equal(found.messages[1]?.standing, "failed", "nothing sends it any more");
  assert.deepEqual(keptIn(stored, "RM_2"), { messages: [], draft: "" });
});

test.each([
  null,
  "",
  "[]",
  "7",
  "{",
  '{"sitting":"RM_1"}',
  '{"sitting":"RM_1","messages":[null,7,{"id":1}]}',
])("what is kept as %j is passed over", (stored) => assert.deepEqual(keptIn(stored, "RM_1").messages, []));

test("of a long chat the latest is kept, so that writing it down is not felt", () => {
  const messages = Array.from({ length: 300 }, (_, turn) =>
    message(`m${turn}`, { text: "x".repeat(LONGEST) }),
  );
  const stored = toKeep("RM_1", { messages, draft: "" });
  assert.ok(stored.length < 250_000);
  const found = keptIn(stored, "RM_1").messages;
  assert.equal(found.at(-1)?.id, "m299");
  assert.equal(found.length, 100);
});

test("whoever says too much is not listened to for a while", () => {
  const pace = new Pace(3, 2);
  const allowed = () => [0, 0, 0, 0].map(() => pace.allows("gus", 1_000)).filter(Boolean).length;
  assert.equal(allowed(), 3);
  assert.ok(pace.allows("eve", 1_000), "others are");
  assert.ok(!pace.allows("gus", 1_200));
  assert.ok(pace.allows("gus", 1_600));
  pace.forget("gus");
  assert.ok(pace.allows("gus", 1_600));
});

test("those who come together are one piece of news, and a reload is none", () => {
  vi.useFakeTimers();
  const news: [string, string[]][] = [];
  const crowd = new Crowd((about, names) => news.push([about, names]));
  crowd.join("a", "Ada");
  crowd.join("b", "Ben");
  crowd.leave("c", "Cleo");
  crowd.leave("d", "Dan");
  crowd.join("d", "Dan");
  vi.runAllTimers();
  assert.deepEqual(news, [
    ["left", ["Cleo"]],
    ["joined", ["Ada", "Ben"]],
  ]);
  crowd.leave("a", "Ada");
  crowd.forget();
  vi.runAllTimers();
  assert.equal(news.length, 2);
});

test("speakers lose and regain their screens, and nothing else", () => {
  const publish = { speaker: ["camera" as const, "microphone" as const], viewer: [] };
  const open = withShare(publish, true);
  assert.ok(mayShare(open));
  assert.deepEqual(withShare(open, false), publish);
  assert.deepEqual(withShare(open, true), open);
});
