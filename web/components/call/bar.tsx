// The bar under the call: microphone, camera, screen, devices, and the way out.
"use client";

import {
  DisconnectButton,
  StartAudio,
  TrackToggle,
  useLocalParticipant,
  useLocalParticipantPermissions,
  useMediaDeviceSelect,
} from "@livekit/components-react";
import { Track } from "livekit-client";
import type { ReactNode } from "react";
import { DeviceSelect } from "@/components/device-select";
import { CameraIcon, DevicesIcon, LeaveIcon, MicrophoneIcon, ShareIcon } from "@/components/icons";
import { text } from "@/lib/messages";
import { mayPublish } from "@/lib/standing";

// Phones cannot; and no browser can on plain http from another computer, where `mediaDevices` is absent.
const canShareScreen = () => Boolean((navigator.mediaDevices as MediaDevices | undefined)?.getDisplayMedia);

// LiveKitRoom tells of a device that does not start; a shared screen that somebody thinks better of is no fault.
const toldElsewhere = () => undefined;

/** `children` are buttons besides those that everybody has. */
export function CallControls({ children }: { children?: ReactNode }) {
  const { isMicrophoneEnabled, isCameraEnabled } = useLocalParticipant();
  const permissions = useLocalParticipantPermissions();
  const may = (source: Parameters<typeof mayPublish>[1]) => mayPublish(permissions, source);

  return (
    <div className="call-bar" role="group" aria-label={text("call.controls")}>
      {may(Track.Source.Microphone) && (
        <TrackToggle
          source={Track.Source.Microphone}
          showIcon={false}
          aria-label={text("call.microphone")}
          onDeviceError={toldElsewhere}
        >
          <MicrophoneIcon off={!isMicrophoneEnabled} />
          <span className="label">{text("call.microphone")}</span>
        </TrackToggle>
      )}
      {may(Track.Source.Camera) && (
        <TrackToggle
          source={Track.Source.Camera}
          showIcon={false}
          aria-label={text("call.camera")}
          onDeviceError={toldElsewhere}
        >
          <CameraIcon off={!isCameraEnabled} />
          <span className="label">{text("call.camera")}</span>
        </TrackToggle>
      )}
      {may(Track.Source.ScreenShare) && canShareScreen() && (
        <TrackToggle
          source={Track.Source.ScreenShare}
          showIcon={false}
          aria-label={text("call.share")}
          onDeviceError={toldElsewhere}
          captureOptions={{ audio: true, selfBrowserSurface: "include" }}
        >
          <ShareIcon />
          <span className="label">{text("call.share")}</span>
        </TrackToggle>
      )}
      <button
        className="lk-button"
        type="button"
        popoverTarget="call-devices"
        aria-label={text("call.devices")}
      >
        <DevicesIcon />
        <span className="label">{text("call.devices")}</span>
      </button>
      <div id="call-devices" className="devices card" popover="auto" aria-label={text("call.devices")}>
        <div className="stack">
          <CallDevice kind="audioinput" label={text("device.microphone")} />
          <CallDevice kind="videoinput" label={text("device.camera")} />
          <CallDevice kind="audiooutput" label={text("device.speaker")} />
        </div>
      </div>
      {children}
      <StartAudio label={text("call.playSound")} />
      <DisconnectButton aria-label={text("call.leave")}>
        <LeaveIcon />
        <span className="label">{text("call.leave")}</span>
      </DisconnectButton>
    </div>
  );
}

function CallDevice({ kind, label }: { kind: MediaDeviceKind; label: string }) {
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({
    kind,
    requestPermissions: false,
  });
  const named = devices.filter((device) => device.deviceId !== "");
  return (
    <DeviceSelect
      label={label}
      devices={named}
      selected={activeDeviceId}
      onSelect={(deviceId) => void setActiveMediaDevice(deviceId)}
    />
  );
}
