// What is said beside the pictures, for everything in a call: it outlasts broken connections, and the panel being closed.
"use client";

import "@/styles/chat.css";
import "@/styles/gestures.css";
import "@/styles/people.css";
import "@/styles/side.css";
import { useRoomContext } from "@livekit/components-react";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { Store, usePart } from "@/lib/call/side/store";
import { after, SILENCE, type Side, type TalkState } from "@/lib/call/side/talk-state";
import { Talker, type TalkStore } from "@/lib/call/side/talker";

interface Talking {
  store: TalkStore;
  talker: Talker;
}

const TalkContext = createContext<Talking | undefined>(undefined);

/** Belongs into the LiveKit room, around whatever uses it. */
export function Talk({ roomName, children }: { roomName: string; children: ReactNode }) {
  const room = useRoomContext();
  const [talking] = useState(() => {
    const store: TalkStore = new Store(after, SILENCE);
    return { store, talker: new Talker(room, roomName, store) };
  });
  useEffect(() => talking.talker.listen(), [talking]);
  return <TalkContext.Provider value={talking}>{children}</TalkContext.Provider>;
}

export function useTalking(): Talking {
  const talking = useContext(TalkContext);
  if (!talking) throw new Error("there is no <Talk> around this");
  return talking;
}

/** The part of what has been said that `look` answers. */
export function useSaid<Part>(look: (state: TalkState) => Part): Part {
  return usePart(useTalking().store, look);
}

export interface TalkControls {
  handRaised: boolean;
  /** The panel that is open. */
  side: Side | undefined;
  toggleHand: () => void;
  toggleSide: (side: Side) => void;
  closeSide: () => void;
}

export function useTalk(): TalkControls {
  const { store, talker } = useTalking();
  const { localParticipant } = useRoomContext();
  const side = useSaid((said) => said.side);
  const handRaised = useSaid(({ hands }) => hands.has(localParticipant.identity));
  const deeds = useMemo(
    () => ({
      toggleHand: () => talker.toggleHand(),
      toggleSide: (wanted: Side) =>
        store.tell({ do: "show", side: store.state.side === wanted ? undefined : wanted }),
      closeSide: () => store.tell({ do: "show", side: undefined }),
    }),
    [store, talker],
  );
  return { ...deeds, side, handRaised };
}
