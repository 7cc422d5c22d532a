// Recording from within the call: asked first, then told where it stands until everybody sees it by the room itself.
"use client";

import { useRoomInfo } from "@livekit/components-react";
import type { RecordingLayout } from "@meetbox/client";
import { useEffect, useId, useRef, useState } from "react";
import { Confirm } from "@/components/confirm";
import { FailureNote } from "@/components/failure-note";
import { Modal } from "@/components/modal";
import type { Failure } from "@/lib/api";
import { record, stopRecord } from "@/lib/call/side/decrees";
import type { Chair } from "@/lib/hosting";
import { text } from "@/lib/messages";
import { slots } from "@/lib/recordings";
import { recordedSince } from "@/lib/standing";

/** A recorder that has not begun or ended by then says why in the list of recordings; here one may try again. */
const SHOWS_WITHIN = 90_000;

interface RecordToolProps {
  chair: Chair;
  roomName: string;
}

export function RecordTool({ chair, roomName }: RecordToolProps) {
  const { metadata } = useRoomInfo();
  const since = recordedSince(metadata);
  // What was asked for, until the room shows it.
  const [awaited, setAwaited] = useState<"begin" | "end">();
  const [asks, setAsks] = useState<"start" | "stop">();
  const isRunning = since !== undefined;
  if (awaited && isRunning === (awaited === "begin")) setAwaited(undefined);

  useEffect(() => {
    if (!awaited) return;
    const timer = setTimeout(() => setAwaited(undefined), SHOWS_WITHIN);
    return () => clearTimeout(timer);
  }, [awaited]);

  // An answer may come when the next question is asked already.
  const close = (question: "start" | "stop") => setAsks((asked) => (asked === question ? undefined : asked));
  const offersStop = isRunning || awaited === "begin";
  return (
    <>
      <button
        className="button"
        type="button"
        disabled={awaited === "end"}
        onClick={() => setAsks(offersStop ? "stop" : "start")}
      >
        {text(offersStop ? "record.stop" : "record.start")}
      </button>
      {awaited && (
        <p className="small wide" role="status">
          {text(awaited === "begin" ? "record.begins" : "record.ends")}
        </p>
      )}
      {asks === "start" && !isRunning && (
        <StartRecord
          chair={chair}
          roomName={roomName}
          onClose={() => close("start")}
          onDone={() => {
            setAwaited("begin");
            close("start");
          }}
        />
      )}
      {asks === "stop" && (
        <Confirm
          title={text("record.stopSure")}
          label={text("record.stopYes")}
          act={async () => {
            const answer = await stopRecord(chair, roomName);
            // Somebody else was faster; that is what was wanted.
            const isOver = !answer.ok && answer.failure.code === "not-recorded";
            return isOver ? { ok: true, value: undefined } : answer;
          }}
          onDone={() => {
            setAwaited("end");
            close("stop");
          }}
          onClose={() => close("stop")}
        >
          <p>{text("record.stopMeans")}</p>
        </Confirm>
      )}
    </>
  );
}

const LAYOUTS = ["grid", "speaker"] as const satisfies RecordingLayout[];

interface StartRecordProps extends RecordToolProps {
  onDone: () => void;
  onClose: () => void;
}

function StartRecord({ chair, roomName, onDone, onClose }: StartRecordProps) {
  const [layout, setLayout] = useState<(typeof LAYOUTS)[number]>("grid");
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const isFull = useIsFull(chair);
  const group = useId();
  const isAsked = useRef(true);
  useEffect(() => {
    isAsked.current = true;
    return () => void (isAsked.current = false);
  }, []);

  const start = async () => {
    setBusy(true);
    setFailure(undefined);
    const answer = await record(chair, roomName, layout);
    // The room may show it before the answer is here; then there is nothing to wait for.
    if (!isAsked.current) return;
    setBusy(false);
    // Already recorded, or not known yet: the room will say which.
    const isUnderWay =
      answer.ok || ["recording-running", "recording-unanswered"].includes(answer.failure.code ?? "");
    if (isUnderWay) onDone();
    else setFailure(answer.failure);
  };
  return (
    <Modal title={text("record.heading")} onClose={onClose}>
      <div className="stack">
        <p>{text("record.means")}</p>
        <fieldset className="layouts">
          <legend>{text("record.layout")}</legend>
          {LAYOUTS.map((one) => (
            <label key={one} className="check">
              <input type="radio" name={group} checked={layout === one} onChange={() => setLayout(one)} />
              {text(`record.layout.${one}`)}
            </label>
          ))}
        </fieldset>
        {isFull && <p className="note">{text("record.full")}</p>}
        {failure && <FailureNote failure={failure} />}
        <p className="visually-hidden" role="status">
          {busy && text("record.starting")}
        </p>
        <div className="row actions">
          <button className="button" type="button" onClick={onClose}>
            {text("app.cancel")}
          </button>
          <button
            className="button primary"
            type="button"
            disabled={busy || isFull}
            onClick={() => void start()}
          >
            {text(busy ? "record.starting" : "record.start")}
          </button>
        </div>
      </div>
    </Modal>
  );
}

/** Whether as many meetings are recorded as can be. A guest may not ask, and learns it from the answer to the start. */
function useIsFull({ ticket }: Chair): boolean {
  const [isFull, setIsFull] = useState(false);
  useEffect(() => {
    if (ticket) return;
    let gone = false;
    void slots().then((answer) => {
      if (!gone && answer.ok) setIsFull(answer.value.free === 0);
    });
    return () => {
      gone = true;
    };
  }, [ticket]);
  return isFull;
}
