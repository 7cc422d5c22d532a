// Cameras and microphones: what there is, what they show, and why one does not start.
import {
  createLocalAudioTrack,
  createLocalVideoTrack,
  MediaDeviceFailure,
  VideoPresets,
  type LocalAudioTrack,
  type LocalVideoTrack,
} from "livekit-client";
import { useEffect, useState } from "react";
import { text, type MessageKey } from "./messages";

export type Source = "microphone" | "camera";

const words: Record<MediaDeviceFailure, MessageKey> = {
  [MediaDeviceFailure.PermissionDenied]: "device.denied",
  [MediaDeviceFailure.NotFound]: "device.missing",
  [MediaDeviceFailure.DeviceInUse]: "device.busy",
  [MediaDeviceFailure.Other]: "device.failed",
};

/** What to tell people when a device did not start. */
export function deviceFailure(
  source: Source,
  failure: MediaDeviceFailure | undefined,
  secure = window.isSecureContext,
): string {
  const key = secure ? words[failure ?? MediaDeviceFailure.Other] : "device.insecure";
  return text(key, { kind: text(`device.kind.${source}`) });
}

/** The devices of a kind, read again when one is plugged in and whenever `reason` changes: names come with permission. */
export function useDevices(kind: MediaDeviceKind, reason: unknown): MediaDeviceInfo[] {
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);

  useEffect(() => {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    if (!media) return;
    let gone = false;
    const read = async () => {
      const all = await media.enumerateDevices().catch(() => []);
      // Before permission is given browsers tell of one device without an id, which cannot be chosen.
      if (!gone) setDevices(all.filter((device) => device.kind === kind && device.deviceId !== ""));
    };
    void read();
    media.addEventListener("devicechange", read);
    return () => {
      gone = true;
      media.removeEventListener("devicechange", read);
    };
  }, [kind, reason]);

  return devices;
}

export interface DevicePreview<T> {
  track?: T;
  problem?: string;
}

const start = {
  microphone: (id?: string) => createLocalAudioTrack({ deviceId: id ? { ideal: id } : undefined }),
  camera: (id?: string) =>
    createLocalVideoTrack({
      deviceId: id ? { ideal: id } : undefined,
      resolution: VideoPresets.h720.resolution,
    }),
};

/** Keeps a device running for as long as it is wanted; `undefined` while it starts. */
function usePreview<T extends LocalAudioTrack | LocalVideoTrack>(
  source: Source,
  wanted: boolean,
  deviceId: string | undefined,
): DevicePreview<T> | undefined {
  const [result, setResult] = useState<DevicePreview<T> & { id?: string }>();

  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    let running: T | undefined;
    start[source](deviceId).then(
      (track) => {
        running = track as T;
        if (gone) running.stop();
        else setResult({ id: deviceId, track: running });
      },
      (error: unknown) => {
        if (!gone)
          setResult({ id: deviceId, problem: deviceFailure(source, MediaDeviceFailure.getFailure(error)) });
      },
    );
    return () => {
      gone = true;
      running?.stop();
      setResult(undefined);
    };
  }, [source, wanted, deviceId]);

  return wanted && result?.id === deviceId ? result : undefined;
}

export const useCamera = (wanted: boolean, id?: string) => usePreview<LocalVideoTrack>("camera", wanted, id);
export const useMicrophone = (wanted: boolean, id?: string) =>
  usePreview<LocalAudioTrack>("microphone", wanted, id);
