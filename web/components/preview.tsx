// What the others are going to see and hear: the own picture, its switches and the level of the microphone.
"use client";

import { useEffect, useRef } from "react";
import { BlurIcon, InfoIcon } from "@/components/door-icons";
import { CameraIcon, MicrophoneIcon } from "@/components/icons";
import { canBlur } from "@/lib/background";
import type { Choices } from "@/lib/choices";
import { text } from "@/lib/messages";
import { useLevel } from "@/lib/use-level";
import type { Self } from "@/lib/use-self";

interface PreviewProps {
  choices: Choices;
  onChange: (change: Partial<Choices>) => void;
  self: Self;
}

export function Preview({ choices, onChange, self }: PreviewProps) {
  const { camera, microphone, picture, blur } = self;
  const { meter, silent } = useLevel(microphone.track);
  const hasSound = choices.microphone && !microphone.trouble;
  const hasPicture = choices.camera && !camera.trouble;

  return (
    <div className="stack">
      <div className="preview">
        {picture ? <Picture track={picture} /> : <Absence choices={choices} self={self} />}
        <div className="preview-bar">
          <button
            className="switch"
            type="button"
            aria-pressed={hasSound}
            aria-label={text("device.microphone")}
            onClick={
              microphone.trouble ? microphone.again : () => onChange({ microphone: !choices.microphone })
            }
          >
            <MicrophoneIcon off={!hasSound} />
          </button>
          <button
            className="switch"
            type="button"
            aria-pressed={hasPicture}
            aria-label={text("device.camera")}
            onClick={camera.trouble ? camera.again : () => onChange({ camera: !choices.camera })}
          >
            <CameraIcon off={!hasPicture} />
          </button>
          {canBlur() && (
            <button
              className="switch blur"
              type="button"
              aria-pressed={choices.blur}
              aria-label={text("blur.turnOn")}
              onClick={() => onChange({ blur: !choices.blur })}
            >
              <BlurIcon off={!choices.blur} />
            </button>
          )}
          {microphone.track && (
            <meter ref={meter} className="level" aria-label={text("prejoin.level")} min={0} max={1} />
          )}
        </div>
      </div>
      {silent && <Hint>{text("prejoin.silent")}</Hint>}
      {blur === "failed" && <Hint>{text("blur.failed")}</Hint>}
    </div>
  );
}

/** A word beside the picture that does not shout. */
function Hint({ children }: { children: string }) {
  return (
    <p className="small aside" role="status">
      <InfoIcon />
      {children}
    </p>
  );
}

/** Why there is no picture. */
function Absence({ choices, self: { camera, blur } }: { choices: Choices; self: Self }) {
  const why = () => {
    if (!choices.camera) return "prejoin.cameraOff";
    if (camera.trouble) return "prejoin.cameraAbsent";
    return blur === "starting" ? "blur.starting" : "prejoin.cameraStarting";
  };
  return <p className="preview-empty">{text(why())}</p>;
}

function Picture({ track }: { track: MediaStreamTrack }) {
  const element = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.srcObject = new MediaStream([track]);
    return () => {
      video.srcObject = null;
    };
  }, [track]);

  return <video ref={element} aria-label={text("prejoin.preview")} muted playsInline autoPlay />;
}
