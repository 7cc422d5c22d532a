// A plain list of devices of one kind, for the pre-join page and for the call.
"use client";

import { useId } from "react";
import { text } from "@/lib/messages";

interface DeviceSelectProps {
  label: string;
  devices: MediaDeviceInfo[];
  selected: string | undefined;
  onSelect: (deviceId: string) => void;
}

export function DeviceSelect({ label, devices, selected, onSelect }: DeviceSelectProps) {
  const id = useId();
  if (devices.length === 0) return null;

  const known = devices.some((device) => device.deviceId === selected);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={known ? selected : devices[0]?.deviceId}
        onChange={(event) => onSelect(event.target.value)}
      >
        {devices.map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || text("device.unnamed", { kind: label, number: index + 1 })}
          </option>
        ))}
      </select>
    </div>
  );
}
