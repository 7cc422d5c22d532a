// Microphone, camera, speaker and the blurred background, chosen in the middle of a call and remembered for the next.
"use client";

import "@/styles/door.css";
import { useMediaDeviceSelect } from "@livekit/components-react";
import { useState } from "react";
import { DeviceSelect } from "@/components/device-select";
import { Modal } from "@/components/modal";
import { SpeakerTest } from "@/components/speaker-test";
import { canBlur } from "@/lib/background";
import { keepChoice, lastChoices, type Choices } from "@/lib/choices";
import type { OwnDevices } from "@/lib/call/own-devices";
import { text, type MessageKey } from "@/lib/messages";
import { choosesSpeaker } from "@/lib/sound";

export function DeviceSheet({ own, onClose }: { own: OwnDevices; onClose: () => void }) {
  const [speaker, setSpeaker] = useState(() => lastChoices().speakerId);
  return (
    <Modal title={text("call.devices")} onClose={onClose}>
      <div className="stack">
        <CallDevice kind="audioinput" label="device.microphone" choice="microphoneId" onFail={own.tell} />
        <CallDevice kind="videoinput" label="device.camera" choice="cameraId" onFail={own.tell} />
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
        {own.problem && (
          <p className="note" role="alert">
            {own.problem}
          </p>
        )}
        {choosesSpeaker() && (
          <CallDevice
            kind="audiooutput"
            label="device.speaker"
            choice="speakerId"
            onFail={own.tell}
            onChosen={setSpeaker}
          />
        )}
        <SpeakerTest speaker={speaker} />
      </div>
    </Modal>
  );
}

interface CallDeviceProps {
  kind: MediaDeviceKind;
  label: MessageKey;
  choice: keyof Pick<Choices, "microphoneId" | "cameraId" | "speakerId">;
  onFail: OwnDevices["tell"];
  onChosen?: (deviceId: string) => void;
}

function CallDevice({ kind, label, choice, onFail, onChosen }: CallDeviceProps) {
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({
    kind,
    requestPermissions: false,
  });
  const choose = async (deviceId: string) => {
    try {
      await setActiveMediaDevice(deviceId);
      keepChoice({ [choice]: deviceId });
      onChosen?.(deviceId);
    } catch (error) {
      onFail(kind, error as Error);
      // What worked before is stopped by then; without this nobody would be heard or seen.
      if (activeDeviceId) await setActiveMediaDevice(activeDeviceId).catch(() => undefined);
    }
  };
  return (
    <DeviceSelect
      label={text(label)}
      devices={devices.filter((device) => device.deviceId !== "")}
      selected={activeDeviceId}
      onSelect={(deviceId) => void choose(deviceId)}
    />
  );
}
