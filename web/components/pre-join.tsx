// The doorstep of a meeting: see yourself, choose devices, tell your name, go in.
"use client";

import "@/styles/door.css";
import type { Account, JoinInfo } from "@meetbox/client";
import { CopyLink } from "@/components/copy-link";
import { DeviceOptions } from "@/components/device-options";
import { FailureNote } from "@/components/failure-note";
import { isAboutPasscode, JoinForm } from "@/components/join-form";
import { Page } from "@/components/page";
import { Preview } from "@/components/preview";
import { TroubleNotes } from "@/components/trouble-notes";
import type { Failure } from "@/lib/api";
import { useChoices, type Choices } from "@/lib/choices";
import type { Entrance, Knock } from "@/lib/door";
import { choicesThatWork, useSelf } from "@/lib/use-self";

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
  /** The door does not let them in, and nothing that they could type here would change that. */
  onRefused: (failure: Failure) => void;
  /** The meeting was deleted meanwhile. */
  onMissing: () => void;
}

export function PreJoin(props: PreJoinProps) {
  const { door, refusal, onEnter } = props;
  const [choices, change] = useChoices(door.account?.name);
  const self = useSelf(choices);
  const enter = ({ choices: chosen, ...rest }: Entering) =>
    onEnter({ ...rest, choices: choicesThatWork(chosen, self) });

  return (
    <Page wide>
      {refusal && !isAboutPasscode(refusal) && <FailureNote failure={refusal} />}
      <div className="doorstep">
        <Preview choices={choices} onChange={change} self={self} />
        <section className="card stack">
          <div className="meeting-name">
            <h1>{door.info.title ?? door.roomName}</h1>
            <CopyLink />
          </div>
          <JoinForm {...props} choices={choices} onChange={change} onEnter={enter} />
        </section>
        <div className="stack choices">
          <TroubleNotes self={self} />
          <DeviceOptions choices={choices} onChange={change} self={self} />
        </div>
      </div>
    </Page>
  );
}
