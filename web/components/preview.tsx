// What the others are going to see and hear: the own picture, two switches and the level of the microphone.
"use client";

import { useTrackVolume } from "@livekit/components-react";
import type { LocalAudioTrack, LocalVideoTrack } from "livekit-client";
import { useEffect, useRef } from "react";
import { CameraIcon, MicrophoneIcon } from "@/components/icons";
import type { Choices } from "@/lib/choices";
import type { DevicePreview } from "@/lib/devices";
import { text } from "@/lib/messages";

interface PreviewProps {
  choices: Choices;
  onChange: (change: Partial<Choices>) => void;
  camera: DevicePreview<LocalVideoTrack> | undefined;
  microphone: DevicePreview<LocalAudioTrack> | undefined;
}

export function Preview({ choices, onChange, camera, microphone }: PreviewProps) {
  return (
    <div className="preview">
      {camera?.track ? (
        <Picture track={camera.track} />
      ) : (
        <p className="preview-empty">
          {text(choices.camera && !camera ? "prejoin.cameraStarting" : "prejoin.cameraOff")}
        </p>
      )}
      <div className="preview-bar">
        <button
          className="switch"
          type="button"
          aria-pressed={choices.microphone}
          aria-label={text(choices.microphone ? "device.turnOffMicrophone" : "device.turnOnMicrophone")}
          onClick={() => onChange({ microphone: !choices.microphone })}
        >
          <MicrophoneIcon off={!choices.microphone || Boolean(microphone?.problem)} />
        </button>
        <button
          className="switch"
          type="button"
          aria-pressed={choices.camera}
          aria-label={text(choices.camera ? "device.turnOffCamera" : "device.turnOnCamera")}
          onClick={() => onChange({ camera: !choices.camera })}
        >
          <CameraIcon off={!choices.camera || Boolean(camera?.problem)} />
        </button>
        {microphone?.track && <Level track={microphone.track} />}
      </div>
    </div>
  );
}

function Picture({ track }: { track: LocalVideoTrack }) {
  const element = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    const video = element.current;
    if (!video) return;
    track.attach(video);
    return () => void track.detach(video);
  }, [track]);

  return <video ref={element} aria-label={text("prejoin.preview")} muted playsInline autoPlay />;
}

function Level({ track }: { track: LocalAudioTrack }) {
  const volume = useTrackVolume(track);
  return <meter aria-label={text("prejoin.level")} min={0} max={1} value={volume} />;
}
