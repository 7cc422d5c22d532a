// The bar under the call: microphone, camera, screen, everything else in a menu, and the way out.
"use client";

import { useLocalParticipant } from "@livekit/components-react";
import { Track } from "livekit-client";
import type { ReactNode } from "react";
import type { CallDeeds } from "@/components/call/frame";
import { LeaveButton } from "@/components/call/leave-button";
import { MoreMenu } from "@/components/call/more-menu";
import { OwnSwitches, Switch, type OwnState } from "@/components/call/own-switches";
import { ShareIcon } from "@/components/icons";
import type { View } from "@/lib/call/kept";
import type { CallState } from "@/lib/call/use-call";
import { useNarrow } from "@/lib/call/use-narrow";
import type { Chair } from "@/lib/hosting";
import { text } from "@/lib/messages";

interface CallBarProps {
  roomName: string;
  call: CallState;
  deeds: CallDeeds;
  state: OwnState;
  view: View;
  chair: Chair | undefined;
  /** What is said without a microphone. */
  children: ReactNode;
  /** What opens the panel beside the pictures. */
  end: ReactNode;
}

export function CallBar({ roomName, call, deeds, state, view, chair, children, end }: CallBarProps) {
  const { isScreenShareEnabled } = useLocalParticipant();
  const narrow = useNarrow();
  const isIn = call.standing === "in";

  return (
    <div className="call-bar">
      <p className="bar-name">{roomName}</p>
      <div className="bar-controls" role="group" aria-label={text("call.controls")}>
        <OwnSwitches deeds={deeds} state={state} />
        {deeds.share && !narrow && (
          <Switch
            source={Track.Source.ScreenShare}
            deed="share"
            label="call.share"
            on={isScreenShareEnabled}
            busy={!isIn}
            onPress={deeds.share}
          >
            <ShareIcon />
          </Switch>
        )}
        {children}
        <MoreMenu deeds={deeds} view={view} narrow={narrow} shares={isScreenShareEnabled} />
        <LeaveButton chair={chair} onLeave={deeds.leave} />
      </div>
      <div className="bar-end">{end}</div>
      {/* Whoever presses a key hears what it did; at first there is nothing to say. */}
      <p className="visually-hidden" role="status">
        {isIn && <Said {...state} />}
      </p>
    </div>
  );
}

function Said({ heard, seen }: OwnState) {
  return `${text(heard ? "call.microphoneOn" : "call.microphoneOff")} ${text(seen ? "call.cameraOn" : "call.cameraOff")}`;
}
