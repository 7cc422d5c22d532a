// One's own microphone, camera and screen in the call: switched by buttons and keys, and remembered for coming back.
import type { Token } from "@meetbox/client";
import {
  ConnectionState,
  MediaDeviceFailure,
  ParticipantEvent,
  RoomEvent,
  Track,
  type LocalTrack,
  type LocalVideoTrack,
  type Room,
} from "livekit-client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { blurProcessor } from "../background";
import { keepChoice, type Choices } from "../choices";
import { deviceFailure } from "../devices";
import { text } from "../messages";
import { mayPublish, tokenLetsPublish } from "../standing";

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
  /** Says in words that a device did not do what somebody wanted of it. */
  tell: (kind: MediaDeviceKind, error: Error) => void;
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

const kinds: Partial<Record<MediaDeviceKind, Source>> = { audioinput: "microphone", videoinput: "camera" };

/** Whether somebody is not in the call yet, or no longer: whatever starts now would run unseen. */
const isAway = ({ state }: Room) =>
  state === ConnectionState.Disconnected || state === ConnectionState.Connecting;

async function blur(camera: LocalVideoTrack): Promise<boolean> {
  try {
    await camera.setProcessor(await blurProcessor());
    return true;
  } catch (error) {
    console.warn("the background cannot be blurred:", error);
    return false;
  }
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

  const tell = useCallback((kind: MediaDeviceKind | undefined, error: Error) => {
    const source = kind && kinds[kind];
    if (source) setProblem(deviceFailure(source, MediaDeviceFailure.getFailure(error)));
  }, []);

  useEffect(() => {
    const fails = (error: Error, kind?: MediaDeviceKind) => tell(kind, error);
    // Also what a host has muted stays muted after coming back.
    const note = (on: boolean) => (publication: { source: Track.Source }) => {
      if (publication.source === Track.Source.Microphone) wish({ microphone: on });
      if (publication.source === Track.Source.Camera) wish({ camera: on });
    };
    const [muted, unmuted] = [note(false), note(true)];
    const self = room.localParticipant;
    // What somebody may no longer send does not begin by itself when they may again.
    const narrowed = () => {
      for (const source of ["microphone", "camera"] as const)
        if (!mayPublish(self.permissions, sources[source])) wish({ [source]: false });
    };
    room.on(RoomEvent.MediaDevicesError, fails);
    self.on(ParticipantEvent.TrackMuted, muted).on(ParticipantEvent.TrackUnmuted, unmuted);
    self.on(ParticipantEvent.ParticipantPermissionsChanged, narrowed);
    return () => {
      room.off(RoomEvent.MediaDevicesError, fails);
      self.off(ParticipantEvent.TrackMuted, muted).off(ParticipantEvent.TrackUnmuted, unmuted);
      self.off(ParticipantEvent.ParticipantPermissionsChanged, narrowed);
    };
  }, [room, wish, tell]);

  const starting = useRef(new Set<Source>());
  /** Opens a device and sends what it gives, unless somebody has left or thought better of it meanwhile. */
  const begin = useCallback(
    async (source: Source) => {
      if (starting.current.has(source)) return;
      starting.current.add(source);
      const self = room.localParticipant;
      const isCamera = source === "camera";
      let track: LocalTrack | undefined;
      try {
        [track] = await self.createTracks(isCamera ? { video: true } : { audio: true });
        // Nobody sees a picture that was to be blurred and is not.
        const isBlurred = !isCamera || !latest.current.blur || (await blur(track as LocalVideoTrack));
        if (!isBlurred) {
          wish({ camera: false });
          setProblem(text("blur.failed"));
        }
        if (!track || isAway(room) || !latest.current[source]) return track?.stop();
        await self.publishTrack(track);
      } catch (error) {
        track?.stop();
        if (isAway(room)) return;
        wish({ [source]: false });
        tell(isCamera ? "videoinput" : "audioinput", error as Error);
      } finally {
        starting.current.delete(source);
      }
    },
    [room, wish, tell],
  );

  const turn = useCallback(
    async (source: Source, on: boolean) => {
      wish({ [source]: on });
      // On the way into the call, `start` does what is wished by then.
      if (isAway(room)) return;
      const self = room.localParticipant;
      if (on && !self.getTrackPublication(sources[source])) return begin(source);
      try {
        if (source === "microphone") await self.setMicrophoneEnabled(on);
        else await self.setCameraEnabled(on);
      } catch {
        // The room has told why, above.
      }
    },
    [room, wish, begin],
  );

  const setBlur = useCallback(
    async (on: boolean) => {
      wish({ blur: on });
      keepChoice({ blur: on });
      const camera = room.localParticipant.getTrackPublication(Track.Source.Camera)?.videoTrack;
      if (!camera) return;
      if (!on) return camera.stopProcessor();
      if (await blur(camera)) return;
      wish({ blur: false });
      setProblem(text("blur.failed"));
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
        room.localParticipant.setScreenShareEnabled(on, shared).then(
          (publication) => {
            if (on && isAway(room)) publication?.track?.stop();
          },
          () => undefined,
        );
      },
      wishes,
      setBlur: (on) => void setBlur(on),
      tell,
    }),
    [problem, wishes, turn, setBlur, tell, room],
  );
}
