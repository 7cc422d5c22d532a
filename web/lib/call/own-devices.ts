// One's own microphone, camera and screen in the call: switched by buttons and keys, and remembered for coming back.
import type { Token } from "@meetbox/client";
import { MediaDeviceFailure, ParticipantEvent, RoomEvent, Track, type Room } from "livekit-client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { blurProcessor } from "../background";
import { keepChoice, type Choices } from "../choices";
import { deviceFailure } from "../devices";
import { text } from "../messages";
import { tokenLetsPublish } from "../standing";

type Source = "microphone" | "camera";

interface Wishes {
  microphone: boolean;
  camera: boolean;
  blur: boolean;
}

export interface OwnDevices {
  /** What is wrong with a device, in a sentence. */
  problem: string | undefined;
  dismiss: () => void;
  /** Switches on what was on, as far as a token lets. */
  start: (token: Token) => Promise<void>;
  turn: (source: Source, on: boolean) => void;
  share: (on: boolean) => void;
  /** What is on, or is going to be as soon as somebody is in the call. */
  wishes: Wishes;
  setBlur: (on: boolean) => void;
}

/** What is to be published, in words of LiveKit's client. */
const sources = { microphone: Track.Source.Microphone, camera: Track.Source.Camera } as const;

/** Phones cannot; and no browser can on plain http from another computer, where `mediaDevices` is absent. */
export const canShareScreen = () =>
  Boolean((navigator.mediaDevices as MediaDevices | undefined)?.getDisplayMedia);

// What is heard of a shared screen is music and talk as they are, not a voice in a room.
const shared = {
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  selfBrowserSurface: "include",
  surfaceSwitching: "include",
  systemAudio: "include",
} as const;

async function processorFor(blurs: boolean) {
  if (!blurs) return undefined;
  return blurProcessor().catch((error: unknown) => {
    console.warn("the background cannot be blurred:", error);
    return undefined;
  });
}

export function useOwnDevices(room: Room, choices: Choices): OwnDevices {
  const [problem, setProblem] = useState<string>();
  const [wishes, showWishes] = useState<Wishes>(choices);
  // What is read later than the drawing that it belongs to.
  const latest = useRef<Wishes>(choices);
  const wish = useCallback((change: Partial<Wishes>) => {
    latest.current = { ...latest.current, ...change };
    showWishes(latest.current);
  }, []);

  useEffect(() => {
    const fails = (error: Error, kind?: MediaDeviceKind) => {
      const failure = MediaDeviceFailure.getFailure(error);
      if (kind === "audioinput") setProblem(deviceFailure("microphone", failure));
      if (kind === "videoinput") setProblem(deviceFailure("camera", failure));
    };
    // Also what a host has muted stays muted after coming back.
    const note = (on: boolean) => (publication: { source: Track.Source }) => {
      if (publication.source === Track.Source.Microphone) wish({ microphone: on });
      if (publication.source === Track.Source.Camera) wish({ camera: on });
    };
    const [muted, unmuted] = [note(false), note(true)];
    const self = room.localParticipant;
    room.on(RoomEvent.MediaDevicesError, fails);
    self.on(ParticipantEvent.TrackMuted, muted).on(ParticipantEvent.TrackUnmuted, unmuted);
    return () => {
      room.off(RoomEvent.MediaDevicesError, fails);
      self.off(ParticipantEvent.TrackMuted, muted).off(ParticipantEvent.TrackUnmuted, unmuted);
    };
  }, [room, wish]);

  const turn = useCallback(
    async (source: Source, on: boolean) => {
      const self = room.localParticipant;
      wish({ [source]: on });
      try {
        if (source === "microphone") {
          await self.setMicrophoneEnabled(on);
          return;
        }
        // A camera that was on before keeps its blur; a new one gets it before anybody sees a picture.
        const isNew = on && !self.getTrackPublication(Track.Source.Camera);
        const processor = await processorFor(isNew && latest.current.blur);
        if (isNew && latest.current.blur && !processor) setProblem(text("blur.failed"));
        await self.setCameraEnabled(on, processor && { processor });
      } catch {
        // The room has told why, above.
      }
    },
    [room, wish],
  );

  const setBlur = useCallback(
    async (on: boolean) => {
      wish({ blur: on });
      keepChoice({ blur: on });
      const camera = room.localParticipant.getTrackPublication(Track.Source.Camera)?.videoTrack;
      if (!camera) return;
      try {
        if (!on) return await camera.stopProcessor();
        await camera.setProcessor(await blurProcessor());
      } catch (error) {
        console.warn("the background cannot be blurred:", error);
        wish({ blur: false });
        setProblem(text("blur.failed"));
      }
    },
    [room, wish],
  );

  return useMemo(
    () => ({
      problem,
      dismiss: () => setProblem(undefined),
      start: async (token) => {
        for (const source of ["microphone", "camera"] as const)
          if (latest.current[source] && tokenLetsPublish(token.token, sources[source]))
            await turn(source, true);
      },
      turn: (source, on) => void turn(source, on),
      share: (on) => {
        // Somebody who thinks better of it in the browser's own dialog has done nothing wrong.
        room.localParticipant.setScreenShareEnabled(on, shared).catch(() => undefined);
      },
      wishes,
      setBlur: (on) => void setBlur(on),
    }),
    [problem, wishes, turn, setBlur, room],
  );
}
