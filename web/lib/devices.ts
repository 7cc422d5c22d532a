// Cameras and microphones: what there is, and what they show and hear before a call.
import { useEffect, useEffectEvent, useState } from "react";
import { DeviceTrouble, permissionFor, start } from "./capture";
import type { Source, Trouble } from "./trouble";

export { deviceFailure, type Source } from "./trouble";

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

export interface DevicePreview {
  /** Absent while it is off, starts, or does not start. */
  track?: MediaStreamTrack;
  trouble?: Trouble;
  starting: boolean;
  /** Tries once more. */
  again: () => void;
}

/** Keeps a device running for as long as it is wanted. */
export function useDevicePreview(
  source: Source,
  wanted: boolean,
  deviceId: string | undefined,
): DevicePreview {
  const [result, setResult] = useState<{ track?: MediaStreamTrack; trouble?: Trouble }>();
  const [tries, setTries] = useState(0);
  const again = () => setTries((count) => count + 1);

  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    const { track, cancel } = start(source, deviceId);
    track.then(
      (running) => {
        if (gone) return;
        setResult({ track: running });
        // Unplugged, or taken away by the browser's own switch.
        running.addEventListener("ended", () => gone || setResult({ trouble: "missing" }), { once: true });
      },
      (error: unknown) => {
        const trouble = error instanceof DeviceTrouble ? error.trouble : "failed";
        if (!gone) setResult({ trouble });
      },
    );
    return () => {
      gone = true;
      cancel();
      setResult(undefined);
    };
  }, [source, wanted, deviceId, tries]);

  useNewChance(source, wanted ? result?.trouble : undefined, again);
  return { ...(wanted ? result : undefined), starting: wanted && !result, again };
}

/** Tells when it is worth trying again: the permission was given after all, or something was plugged in. */
function useNewChance(source: Source, trouble: Trouble | undefined, onChance: () => void) {
  const tell = useEffectEvent(onChance);

  useEffect(() => {
    if (trouble === "missing") {
      const media = navigator.mediaDevices as MediaDevices | undefined;
      const changed = () => tell();
      media?.addEventListener("devicechange", changed);
      return () => media?.removeEventListener("devicechange", changed);
    }
    if (trouble !== "denied" && trouble !== "undecided") return;
    let gone = false;
    let status: PermissionStatus | undefined;
    const look = () => {
      if (status?.state === "granted") tell();
    };
    void permissionFor(source).then((found) => {
      if (gone) return;
      status = found;
      status?.addEventListener("change", look);
    });
    return () => {
      gone = true;
      status?.removeEventListener("change", look);
    };
  }, [source, trouble]);
}
