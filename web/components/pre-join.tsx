// The doorstep of a meeting: see yourself, choose devices, tell your name, go in.
"use client";

import type { Token } from "@meetbox/client";
import { useState, type FormEvent } from "react";
import { CopyLink } from "@/components/copy-link";
import { DeviceSelect } from "@/components/device-select";
import { FailureNote } from "@/components/failure-note";
import { Page } from "@/components/page";
import { Preview } from "@/components/preview";
import { tokenFor, type Failure } from "@/lib/api";
import { useChoices, type Choices } from "@/lib/choices";
import { useCamera, useDevices, useMicrophone } from "@/lib/devices";
import { text, type MessageKey } from "@/lib/messages";

const LONGEST_NAME = 80;

interface PreJoinProps {
  roomName: string;
  onJoin: (token: Token, choices: Choices) => void;
}

export function PreJoin({ roomName, onJoin }: PreJoinProps) {
  const [choices, change] = useChoices();
  const camera = useCamera(choices.camera, choices.cameraId);
  const microphone = useMicrophone(choices.microphone, choices.microphoneId);
  const cameras = useDevices("videoinput", camera?.track);
  const microphones = useDevices("audioinput", microphone?.track);
  // What failed here would only fail again inside, with a second question from the browser.
  const enter = (token: Token, chosen: Choices) =>
    onJoin(token, {
      ...chosen,
      camera: chosen.camera && !camera?.problem,
      microphone: chosen.microphone && !microphone?.problem,
    });
  const troubles = [camera?.problem, microphone?.problem].filter((problem) => problem !== undefined);

  return (
    <Page wide>
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
              <span className="small">{text("prejoin.meeting")}</span> <strong>{roomName}</strong>
            </span>
            <CopyLink />
          </p>
          <JoinForm roomName={roomName} choices={choices} onChange={change} onJoin={enter}>
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

interface JoinFormProps extends PreJoinProps {
  choices: Choices;
  onChange: (change: Partial<Choices>) => void;
  children: React.ReactNode;
}

function JoinForm({ roomName, choices, onChange, onJoin, children }: JoinFormProps) {
  const [fault, setFault] = useState<MessageKey>();
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const join = async (event: FormEvent) => {
    event.preventDefault();
    const name = choices.name.trim();
    if (name === "") return setFault("prejoin.nameMissing");
    if ([...name].length > LONGEST_NAME) return setFault("prejoin.nameTooLong");

    setBusy(true);
    setFailure(undefined);
    const answer = await tokenFor(roomName, name);
    if (answer.ok) return onJoin(answer.value, { ...choices, name });
    setFailure(answer.failure);
    setBusy(false);
  };

  return (
    <form className="stack" onSubmit={join} noValidate>
      <div className="field">
        <label htmlFor="your-name">{text("prejoin.yourName")}</label>
        <input
          id="your-name"
          name="name"
          autoComplete="name"
          value={choices.name}
          onChange={(event) => {
            onChange({ name: event.target.value });
            setFault(undefined);
          }}
          aria-invalid={fault !== undefined}
          aria-describedby="your-name-hint"
        />
        <p id="your-name-hint" className={fault ? "hint wrong" : "hint"} aria-live="polite">
          {text(fault ?? "prejoin.nameHint")}
        </p>
      </div>
      {children}
      {failure && <FailureNote failure={failure} />}
      <button className="button primary" type="submit" disabled={busy}>
        {text(busy ? "prejoin.joining" : "prejoin.join")}
      </button>
    </form>
  );
}
