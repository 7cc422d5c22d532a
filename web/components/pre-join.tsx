// The doorstep of a meeting: see yourself, choose devices, tell your name, go in.
"use client";

import type { Account, JoinInfo } from "@meetbox/client";
import { CopyLink } from "@/components/copy-link";
import { DeviceSelect } from "@/components/device-select";
import { DoorFailure, isAboutPasscode, JoinForm } from "@/components/join-form";
import { Page } from "@/components/page";
import { Preview } from "@/components/preview";
import type { Failure } from "@/lib/api";
import { useChoices, type Choices } from "@/lib/choices";
import { useCamera, useDevices, useMicrophone } from "@/lib/devices";
import type { Entrance, Knock } from "@/lib/door";
import { text } from "@/lib/messages";

/** A meeting's door, and who stands before it. */
export interface AtDoor {
  roomName: string;
  info: JoinInfo;
  account: Account | undefined;
}

/** Somebody on the way in, or in the lobby. */
export interface Entering {
  entrance: Entrance;
  asked: Knock;
  choices: Choices;
}

export interface PreJoinProps {
  door: AtDoor;
  refusal: Failure | undefined;
  onEnter: (entering: Entering) => void;
  /** The meeting was deleted meanwhile. */
  onMissing: () => void;
}

export function PreJoin({ door, refusal, onEnter, onMissing }: PreJoinProps) {
  const [choices, change] = useChoices(door.account?.name);
  const camera = useCamera(choices.camera, choices.cameraId);
  const microphone = useMicrophone(choices.microphone, choices.microphoneId);
  const cameras = useDevices("videoinput", camera?.track);
  const microphones = useDevices("audioinput", microphone?.track);
  // What failed here would only fail again inside, with a second question from the browser.
  const enter = ({ choices: chosen, ...rest }: Entering) =>
    onEnter({
      ...rest,
      choices: {
        ...chosen,
        camera: chosen.camera && !camera?.problem,
        microphone: chosen.microphone && !microphone?.problem,
      },
    });
  const troubles = [camera?.problem, microphone?.problem].filter((problem) => problem !== undefined);

  return (
    <Page wide>
      {refusal && !isAboutPasscode(refusal) && <DoorFailure failure={refusal} roomName={door.roomName} />}
      <div className="doorstep">
        <div className="stack">
          <Preview choices={choices} onChange={change} camera={camera} microphone={microphone} />
          {troubles.map((problem) => (
            <p key={problem} className="note" role="status">
              {problem}
            </p>
          ))}
        </div>
        <section className="card stack">
          <h1>{text("prejoin.heading")}</h1>
          <p className="row meeting-name">
            <span>
              <span className="small">{text("prejoin.meeting")}</span>{" "}
              <strong>{door.info.title ?? door.roomName}</strong>
            </span>
            <CopyLink />
          </p>
          <JoinForm
            door={door}
            refusal={refusal}
            choices={choices}
            onChange={change}
            onEnter={enter}
            onMissing={onMissing}
          >
            <DeviceSelect
              label={text("device.microphone")}
              devices={microphones}
              selected={choices.microphoneId}
              onSelect={(microphoneId) => change({ microphoneId })}
            />
            <DeviceSelect
              label={text("device.camera")}
              devices={cameras}
              selected={choices.cameraId}
              onSelect={(cameraId) => change({ cameraId })}
            />
          </JoinForm>
        </section>
      </div>
    </Page>
  );
}
