// Brings together a LiveKit room and what is said beside the pictures: listens, answers, sends, and sends again.
import {
  ConnectionState,
  RoomEvent,
  Track,
  type LocalTrackPublication,
  type Participant,
  type RemoteParticipant,
  type Room,
  type TrackPublication,
} from "livekit-client";
import { isGuest, nameOf, roleOf } from "@/lib/standing";
import { Crowd, LARGE } from "./crowd";
import { keep, kept } from "./kept-talk";
import { Pace } from "./pace";
import type { Store } from "./store";
import type { Deed, Message, News, TalkState } from "./talk-state";
import { cleaned, decode, encode, newId, TOPIC, type Reaction, type Stopped, type Word } from "./wire";

export type TalkStore = Store<TalkState, Deed>;

/** How long news and reactions stay, in milliseconds. */
const NEWS_STAYS = 6_000;
const FLOATS_FOR = 3_600;
/** When a message that is not out by then has failed. */
const PATIENCE = 15_000;
/** What was sent in the last moments before a connection broke may be lost; whoever has it passes over the second. */
const DOUBTFUL = 20_000;
/** After a broken connection everybody seems to come anew. */
const SETTLES = 5_000;
/**
 * How long nothing is sent after LiveKit's client has told that it is connected again, in milliseconds. For as much as two seconds it
 * still counts as reconnecting, and keeps what it is given for a moment that never comes when it had to connect anew
 * (livekit-client 2.23, `isDeferringSends` of ReliableDataChannel.ts and `waitForPCReconnected` of RTCEngine.ts).
 */
const DEFERS = 3_000;
/** For how long after somebody came there may be others who could not hear them, in milliseconds. */
const UNHEARD = 60_000;
/** Nobody says more in that time, and whoever gets more of somebody at once passes over it. */
const MOST_RETOLD = 10;
/** A hand that is up for longer is told to somebody who came later. */
const FRESH = 3_000;

const isHost = (participant: Participant) => roleOf(participant.attributes) === "host";

export class Talker {
  #room: Room;
  #roomName: string;
  #store: TalkStore;
  #pace = new Pace(20, 4);
  #ownPace = new Pace(6, 2);
  /** Whoever waves up and down is told of once in a while. */
  #handPace = new Pace(2, 0.1);
  #crowd = new Crowd((about, names) => this.#news({ about, names }));
  #sitting: string | undefined;
  #role: string | undefined;
  #settledAt = 0;
  #sendsFrom = 0;
  /** When the connection was first known to be broken; until it stands again, which may take minutes. */
  #brokeAt: number | undefined;
  /** When the connection stood, and since when others may have missed what was said here. */
  #cameAt = 0;
  #missedSince = 0;
  /** Whoever was in the call at some time. */
  #met = new Set<string>();
  #lastKey = 0;

  constructor(room: Room, roomName: string, store: TalkStore) {
    this.#room = room;
    this.#roomName = roomName;
    this.#store = store;
  }

  /** Listens to the room until the answer is called. */
  listen(): () => void {
    const unheard = this.#store.subscribe(() => this.#keep());
    const room = this.#room
      .on(RoomEvent.Connected, this.#onConnected)
      .on(RoomEvent.Reconnecting, this.#onReconnecting)
      .on(RoomEvent.SignalReconnecting, this.#onReconnecting)
      .on(RoomEvent.Reconnected, this.#onReconnected)
      .on(RoomEvent.DataReceived, this.#onData)
      .on(RoomEvent.ParticipantActive, this.#onActive)
      .on(RoomEvent.ParticipantConnected, this.#onJoined)
      .on(RoomEvent.ParticipantDisconnected, this.#onLeft)
      .on(RoomEvent.ParticipantAttributesChanged, this.#onAttributes)
      .on(RoomEvent.TrackMuted, this.#onMuted);
    if (room.state === ConnectionState.Connected) this.#onConnected();

    return () => {
      unheard();
      this.#crowd.forget();
      room
        .off(RoomEvent.Connected, this.#onConnected)
        .off(RoomEvent.Reconnecting, this.#onReconnecting)
        .off(RoomEvent.SignalReconnecting, this.#onReconnecting)
        .off(RoomEvent.Reconnected, this.#onReconnected)
        .off(RoomEvent.DataReceived, this.#onData)
        .off(RoomEvent.ParticipantActive, this.#onActive)
        .off(RoomEvent.ParticipantConnected, this.#onJoined)
        .off(RoomEvent.ParticipantDisconnected, this.#onLeft)
        .off(RoomEvent.ParticipantAttributesChanged, this.#onAttributes)
        .off(RoomEvent.TrackMuted, this.#onMuted);
    };
  }

  /** Answers whether there was anything to say. */
  say(text: string): boolean {
    const words = cleaned(text);
    if (words === undefined) return false;
    const { identity } = this.#room.localParticipant;
    const name = nameOf(this.#room.localParticipant);
    const at = Date.now();
    const message: Message = {
      id: newId(),
      from: identity,
      name,
      own: true,
      at,
      text: words,
      standing: "sending",
    };
    this.#store.tell({ do: "say", message });
    void this.#deliver(message);
    return true;
  }

  retry(message: Message) {
    this.#store.tell({ do: "stand", id: message.id, standing: "sending" });
    void this.#deliver(message);
  }

  get handSince(): number | undefined {
    return this.#store.state.hands.get(this.#room.localParticipant.identity);
  }

  toggleHand() {
    const { identity } = this.#room.localParticipant;
    // Before the connection stands there is nobody whose hand it could be.
    if (!identity) return;
    if (this.handSince === undefined) this.#store.tell({ do: "raise", identity, at: Date.now() });
    else this.#store.tell({ do: "lower", identity });
    this.#showHand();
  }

  /** Asks somebody to take their hand down; they do so when it is a host who asks. */
  lower(identity: string) {
    void this.#send({ kind: "lower" }, [identity]);
  }

  react(which: Reaction) {
    if (!this.#ownPace.allows("reaction")) return;
    this.#float(which, nameOf(this.#room.localParticipant), true);
    void this.#send({ kind: "reaction", which });
  }

  /** Says that it was a host who stopped something of theirs. */
  tellStopped(identity: string, what: Stopped) {
    void this.#send({ kind: "stopped", what }, [identity]);
  }

  /** Whether it has left. */
  async #send(word: Word, to?: string[]): Promise<boolean> {
    const wait = this.#sendsFrom - Date.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    if (this.#room.state !== ConnectionState.Connected) return false;
    const options = { reliable: true, topic: TOPIC, destinationIdentities: to };
    return this.#room.localParticipant.publishData(encode(word), options).then(
      () => true,
      () => false,
    );
  }

  async #deliver({ id, text }: Message) {
    // What is said while there is no connection goes as soon as there is one.
    if (this.#room.state !== ConnectionState.Connected) return;
    const late = new Promise<boolean>((done) => setTimeout(() => done(false), PATIENCE));
    const sent = await Promise.race([this.#send({ kind: "chat", id, text }), late]);
    const isBack = this.#room.state === ConnectionState.Connected;
    if (sent || isBack) this.#store.tell({ do: "stand", id, standing: sent ? undefined : "failed" });
  }

  #showHand(to?: string[]) {
    const since = this.handSince;
    const word: Word =
      since === undefined
        ? { kind: "hand", up: false }
        : { kind: "hand", up: true, age: Math.max(0, Date.now() - since) };
    void this.#send(word, to);
  }

  /** Says to somebody what they may have missed because one of the two did not know the other yet. */
  #tellAgain(identity: string) {
    if (Date.now() - this.#cameAt > UNHEARD) return;
    const missed = this.#store.state.messages.filter(
      (it) => it.own && !it.standing && it.at >= this.#missedSince,
    );
    for (const { id, text } of missed.slice(-MOST_RETOLD))
      void this.#send({ kind: "chat", id, text }, [identity]);
  }

  #onConnected = () => {
    this.#role = roleOf(this.#room.localParticipant.attributes);
    // LiveKit's client had given up, and the app has come back by itself.
    if (this.#sitting) void this.#isBack();
    else {
      this.#cameAt = this.#missedSince = Date.now();
      this.#meet();
      void this.#recall();
    }
  };

  #meet() {
    for (const identity of this.#room.remoteParticipants.keys()) this.#met.add(identity);
  }

  async #recall() {
    const sitting = await this.#room.getSid().catch(() => "");
    if (!sitting || this.#sitting) return;
    const { messages, draft } = kept(this.#roomName, sitting);
    this.#store.tell({ do: "remember", messages, draft });
    this.#sitting = sitting;
    this.#keep();
  }

  #kept: Pick<TalkState, "messages" | "draft"> | undefined;

  #keep() {
    const { messages, draft } = this.#store.state;
    if (!this.#sitting || (this.#kept?.messages === messages && this.#kept.draft === draft)) return;
    this.#kept = { messages, draft };
    keep(this.#roomName, this.#sitting, this.#kept);
  }

  #onReconnecting = () => {
    this.#brokeAt ??= Date.now();
    this.#settledAt = Number.POSITIVE_INFINITY;
    this.#crowd.forget();
  };

  #onReconnected = () => {
    this.#sendsFrom = Date.now() + DEFERS;
    void this.#isBack();
  };

  async #isBack() {
    this.#cameAt = Date.now();
    this.#settledAt = this.#cameAt + SETTLES;
    this.#missedSince = (this.#brokeAt ?? this.#cameAt) - DOUBTFUL;
    this.#brokeAt = undefined;
    this.#meet();
    // Hands that went down meanwhile say nothing; those that are up answer the hello.
    const own = this.#room.localParticipant.identity;
    for (const identity of this.#store.state.hands.keys())
      if (identity !== own) this.#store.tell({ do: "lower", identity });
    const { messages } = this.#store.state;
    for (const message of messages) {
      const isLost = message.own && (message.standing === "sending" || message.at >= this.#missedSince);
      if (isLost && message.standing !== "failed") void this.#deliver(message);
    }
    this.#showHand();
    void this.#send({ kind: "hello" });

    // A media server that was started anew gives the same sitting another id.
    const sitting = await this.#room.getSid().catch(() => "");
    if (!sitting || sitting === this.#sitting) return;
    this.#sitting = sitting;
    this.#kept = undefined;
    this.#keep();
  }

  #onData = (payload: Uint8Array, sender?: RemoteParticipant, _kind?: unknown, topic?: string) => {
    // LiveKit names the sender; what the API sends has none and is not ours.
    if (topic !== TOPIC || !sender || !this.#pace.allows(sender.identity)) return;
    const word = decode(payload);
    if (word) this.#hear(word, sender);
  };

  #hear(word: Word, sender: RemoteParticipant) {
    const { identity } = sender;
    const name = nameOf(sender);
    switch (word.kind) {
      case "chat": {
        const { id, text } = word;
        const guest = isGuest(sender.attributes) || undefined;
        const message = { id, from: identity, name, guest, own: false, at: Date.now(), text };
        return this.#store.tell({ do: "hear", message });
      }
      case "hand": {
        if (!word.up) return this.#store.tell({ do: "lower", identity });
        const before = this.#store.state.hands.get(identity);
        // Nobody's hand was up before they came, and one that is up keeps its place.
        const came = sender.joinedAt?.getTime() ?? 0;
        this.#store.tell({ do: "raise", identity, at: before ?? Math.max(Date.now() - word.age, came) });
        const isNew = before === undefined && word.age < FRESH && this.#handPace.allows(identity);
        if (isNew && isHost(this.#room.localParticipant)) this.#news({ about: "hand", name });
        return;
      }
      case "lower":
        if (!isHost(sender) || this.handSince === undefined) return;
        this.toggleHand();
        return this.#news({ about: "lowered", name });
      case "hello":
        if (this.handSince !== undefined) this.#showHand([identity]);
        return this.#tellAgain(identity);
      case "reaction":
        return this.#float(word.which, name, false);
      case "stopped":
        if (isHost(sender)) this.#news({ about: "stopped", what: word.what, name });
    }
  }

  /**
   * LiveKit says who has come as much as three seconds late when they show nothing, and what they said until then has no sender
   * here and was passed over. They know us already: we ask for it.
   */
  #onActive = (participant: Participant) => {
    const { identity } = participant;
    if (participant === this.#room.localParticipant) return;
    if (this.handSince !== undefined) this.#showHand([identity]);
    void this.#send({ kind: "hello" }, [identity]);
    // They were away when we spoke.
    if (this.#met.has(identity)) this.#tellAgain(identity);
    this.#met.add(identity);
  };

  #onJoined = (participant: RemoteParticipant) => {
    if (this.#isNews()) this.#crowd.join(participant.identity, nameOf(participant));
  };

  #onLeft = (participant: RemoteParticipant) => {
    this.#store.tell({ do: "lower", identity: participant.identity });
    this.#pace.forget(participant.identity);
    if (this.#isNews()) this.#crowd.leave(participant.identity, nameOf(participant));
  };

  #isNews = () => Date.now() >= this.#settledAt && this.#room.remoteParticipants.size < LARGE;

  #onAttributes = (_changed: Record<string, string>, participant: Participant) => {
    if (participant !== this.#room.localParticipant) return;
    const role = roleOf(participant.attributes);
    const before = this.#role;
    this.#role = role;
    if (role && before && role !== before) this.#news({ about: "role", role });
  };

  /** A screen that a host stopped is taken down, or it would stand there black. */
  #onMuted = (publication: TrackPublication | LocalTrackPublication, participant: Participant) => {
    const isOwnScreen =
      participant === this.#room.localParticipant && publication.source === Track.Source.ScreenShare;
    if (isOwnScreen) void this.#room.localParticipant.setScreenShareEnabled(false);
  };

  #float(which: Reaction, name: string, own: boolean) {
    this.#lastKey += 1;
    const key = this.#lastKey;
    this.#store.tell({ do: "float", float: { key, which, name, own, at: Date.now() } });
    setTimeout(() => this.#store.tell({ do: "sink", key }), FLOATS_FOR);
  }

  #news(news: News) {
    this.#lastKey += 1;
    const key = this.#lastKey;
    this.#store.tell({ do: "tell", line: { key, news } });
    setTimeout(() => this.#store.tell({ do: "untell", key }), NEWS_STAYS);
  }
}
