// Goes into the call and stays in it: LiveKit's client reconnects by itself, and when it gives up, the door is asked again.
import type { Token } from "@meetbox/client";
import { RoomEvent, Room, setLogLevel, type DisconnectReason, type RoomOptions } from "livekit-client";
import { useEffect, useEffectEvent, useState } from "react";
import type { Failure } from "../api";
import type { Choices } from "../choices";
import { knock } from "../door";
import { comeBack } from "./coming-back";
import { useOwnDevices, type OwnDevices } from "./own-devices";
import { wayOut, type LeaveReason } from "./ways-out";

setLogLevel("warn");

/** `coming` for the first time, `in`, or coming `back` after LiveKit's client has given up. */
export type Standing = "coming" | "in" | "back";

/** Where the way leads when the call is over for somebody. */
export type End =
  { at: "left"; reason: LeaveReason } | { at: "refused"; failure: Failure } | { at: "waiting" };

export interface CallState {
  /** The same from the first moment to the last: whatever is drawn from it stays where it is. */
  room: Room;
  standing: Standing;
  /** The newest: it carries the ticket with which hosts decide. */
  token: Token;
  own: OwnDevices;
}

const ideal = (deviceId: string | undefined) => (deviceId ? { deviceId: { ideal: deviceId } } : {});

// Send and fetch only what somebody looks at.
const optionsFor = ({ microphoneId, cameraId, speakerId }: Choices): RoomOptions => ({
  adaptiveStream: true,
  dynacast: true,
  audioCaptureDefaults: ideal(microphoneId),
  videoCaptureDefaults: ideal(cameraId),
  ...(speakerId ? { audioOutput: { deviceId: speakerId } } : {}),
});

/** Sleeps, but no longer than until the network is back. */
const sleep = (milliseconds: number) =>
  new Promise<void>((done) => {
    const wake = () => {
      clearTimeout(timer);
      window.removeEventListener("online", wake);
      done();
    };
    const timer = setTimeout(wake, milliseconds);
    window.addEventListener("online", wake);
  });

interface Asked {
  roomName: string;
  token: Token;
  choices: Choices;
  onEnd: (end: End) => void;
}

export function useCall({ roomName, token: first, choices, onEnd }: Asked): CallState {
  const [room] = useState(() => new Room(optionsFor(choices)));
  const [standing, setStanding] = useState<Standing>("coming");
  const [token, setToken] = useState(first);
  const own = useOwnDevices(room, choices);
  const tellEnd = useEffectEvent(onEnd);
  const start = useEffectEvent(own.start);

  useEffect(() => {
    let gone = false;
    let now: Standing = "coming";
    const stand = (next: Standing) => {
      now = next;
      setStanding(next);
    };
    const end = (how: End) => {
      if (gone) return;
      gone = true;
      tellEnd(how);
    };
    const enter = async (asked: Token): Promise<boolean> => {
      try {
        await room.connect(asked.url, asked.token);
      } catch {
        return false;
      }
      if (gone) return false;
      setToken(asked);
      stand("in");
      void start(asked);
      return true;
    };

    const back = async () => {
      stand("back");
      const ending = await comeBack({
        knock: () => knock(roomName, { name: choices.name }),
        enter,
        sleep,
        gone: () => gone,
        now: Date.now,
      });
      if (ending.at === "lost") end({ at: "left", reason: "lost" });
      if (ending.at === "refused" || ending.at === "waiting") end(ending);
    };
    const disconnected = (reason?: DisconnectReason) => {
      // A try that fails says so itself.
      if (gone || now !== "in") return;
      const way = wayOut(reason);
      if (way === "back") void back();
      else end({ at: "left", reason: way });
    };

    room.on(RoomEvent.Disconnected, disconnected);
    // A moment later: React may take an effect back at once, and a room that is left while it connects does not come to rest.
    const begin = setTimeout(async () => {
      if (!(await enter(first))) end({ at: "left", reason: "unreachable" });
    });
    return () => {
      gone = true;
      clearTimeout(begin);
      room.off(RoomEvent.Disconnected, disconnected);
      void room.disconnect();
    };
  }, [room, roomName, first, choices]);

  return { room, standing, token, own };
}
