// Microphone, camera, speaker and the blurred background, chosen in the middle of a call and remembered for the next.
"use client";

import "@/styles/door.css";
import { useMediaDeviceSelect } from "@livekit/components-react";
import { DeviceSelect } from "@/components/device-select";
import { Modal } from "@/components/modal";
import { SpeakerTest } from "@/components/speaker-test";
import { canBlur } from "@/lib/background";
import { keepChoice, lastChoices, type Choices } from "@/lib/choices";
import type { OwnDevices } from "@/lib/call/own-devices";
import { text, type MessageKey } from "@/lib/messages";
import { choosesSpeaker } from "@/lib/sound";

export function DeviceSheet({ own, onClose }: { own: OwnDevices; onClose: () => void }) {
  return (
    <Modal title={text("call.devices")} onClose={onClose}>
      <div className="stack">
        <CallDevice kind="audioinput" label="device.microphone" choice="microphoneId" />
        <CallDevice kind="videoinput" label="device.camera" choice="cameraId" />
        {canBlur() && (
          <label className="check">
            <input
              type="checkbox"
              checked={own.wishes.blur}
              onChange={(event) => own.setBlur(event.target.checked)}
            />
            {text("blur.turnOn")}
          </label>
        )}
        {choosesSpeaker() && <CallDevice kind="audiooutput" label="device.speaker" choice="speakerId" />}
        <SpeakerTest speaker={lastChoices().speakerId} />
      </div>
    </Modal>
  );
}

interface CallDeviceProps {
  kind: MediaDeviceKind;
  label: MessageKey;
  choice: keyof Pick<Choices, "microphoneId" | "cameraId" | "speakerId">;
}

function CallDevice({ kind, label, choice }: CallDeviceProps) {
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({
    kind,
    requestPermissions: false,
  });
  return (
    <DeviceSelect
      label={text(label)}
      devices={devices.filter((device) => device.deviceId !== "")}
      selected={activeDeviceId}
      onSelect={(deviceId) => {
        keepChoice({ [choice]: deviceId });
        void setActiveMediaDevice(deviceId);
      }}
    />
  );
}
