// Which microphone, camera and speaker: folded away until somebody wants another.
"use client";

import { DeviceSelect } from "@/components/device-select";
import { SpeakerTest } from "@/components/speaker-test";
import type { Choices } from "@/lib/choices";
import { useDevices } from "@/lib/devices";
import { text } from "@/lib/messages";
import { choosesSpeaker } from "@/lib/sound";
import type { Self } from "@/lib/use-self";

interface DeviceOptionsProps {
  choices: Choices;
  onChange: (change: Partial<Choices>) => void;
  self: Self;
}

export function DeviceOptions({ choices, onChange, self }: DeviceOptionsProps) {
  const microphones = useDevices("audioinput", self.microphone.track);
  const cameras = useDevices("videoinput", self.camera.track);
  const speakers = useDevices("audiooutput", self.microphone.track);

  return (
    <details className="device-options">
      <summary>{text("prejoin.devices")}</summary>
      <div className="options">
        <DeviceSelect
          label={text("device.microphone")}
          devices={microphones}
          selected={choices.microphoneId}
          onSelect={(microphoneId) => onChange({ microphoneId })}
        />
        <DeviceSelect
          label={text("device.camera")}
          devices={cameras}
          selected={choices.cameraId}
          onSelect={(cameraId) => onChange({ cameraId })}
        />
        {choosesSpeaker() && (
          <DeviceSelect
            label={text("device.speaker")}
            devices={speakers}
            selected={choices.speakerId}
            onSelect={(speakerId) => onChange({ speakerId })}
          />
        )}
        <SpeakerTest speaker={choices.speakerId} />
      </div>
    </details>
  );
}
