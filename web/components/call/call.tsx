// The call: a LiveKit room around a stage and a bar of controls.
"use client";

import { LiveKitRoom, RoomAudioRenderer } from "@livekit/components-react";
import type { Token } from "@meetbox/client";
import {
  ConnectionError,
  DisconnectReason,
  setLogLevel,
  Track,
  type MediaDeviceFailure,
  type RoomOptions,
} from "livekit-client";
import { useCallback, useMemo, useRef, useState } from "react";
import { CallFrame } from "@/components/call/frame";
import type { LeaveReason } from "@/components/left";
import type { Choices } from "@/lib/choices";
import { deviceFailure } from "@/lib/devices";
import { tokenLetsPublish } from "@/lib/standing";

setLogLevel("warn");

// Send and fetch only what somebody looks at.
const roomOptions: RoomOptions = { adaptiveStream: true, dynacast: true };

const wanted = (on: boolean, id: string | undefined) => on && (id ? { deviceId: { ideal: id } } : true);

function reasonOf(reason: DisconnectReason | undefined): LeaveReason {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return "asked";
    case DisconnectReason.DUPLICATE_IDENTITY:
      return "elsewhere";
    case DisconnectReason.PARTICIPANT_REMOVED:
      return "removed";
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return "ended";
    default:
      return "lost";
  }
}

interface CallProps {
  roomName: string;
  token: Token;
  choices: Choices;
  onLeft: (reason: LeaveReason) => void;
}

export function Call({ roomName, token, choices, onLeft }: CallProps) {
  const [problem, setProblem] = useState<string>();
  const connected = useRef(false);

  // LiveKitRoom connects anew whenever one of its callbacks changes, so they must stay the same.
  const leave = useRef(onLeft);
  const onConnected = useCallback(() => {
    connected.current = true;
  }, []);
  const onDisconnected = useCallback(
    (reason?: DisconnectReason) => leave.current(connected.current ? reasonOf(reason) : "unreachable"),
    [],
  );
  const onError = useCallback((error: Error) => {
    if (error instanceof ConnectionError) leave.current("unreachable");
  }, []);
  const onDeviceFailure = useCallback((failure?: MediaDeviceFailure, kind?: MediaDeviceKind) => {
    if (kind === "audioinput") setProblem(deviceFailure("microphone", failure));
    if (kind === "videoinput") setProblem(deviceFailure("camera", failure));
  }, []);

  const audio = useMemo(() => {
    const may = tokenLetsPublish(token.token, Track.Source.Microphone);
    return wanted(choices.microphone && may, choices.microphoneId);
  }, [choices, token]);
  const video = useMemo(() => {
    const may = tokenLetsPublish(token.token, Track.Source.Camera);
    return wanted(choices.camera && may, choices.cameraId);
  }, [choices, token]);

  return (
    <LiveKitRoom
      data-lk-theme="meetbox"
      serverUrl={token.url}
      token={token.token}
      audio={audio}
      video={video}
      options={roomOptions}
      onConnected={onConnected}
      onDisconnected={onDisconnected}
      onError={onError}
      onMediaDeviceFailure={onDeviceFailure}
    >
      <CallFrame
        roomName={roomName}
        token={token}
        problem={problem}
        onDismiss={() => setProblem(undefined)}
      />
      <RoomAudioRenderer />
    </LiveKitRoom>
  );
}
