// Asks before something is done that cannot be taken back, and tells when it could not be done.
"use client";

import { useState, type ReactNode } from "react";
import { FailureNote } from "@/components/failure-note";
import { Modal } from "@/components/modal";
import type { Failure, Outcome } from "@/lib/api";
import { text } from "@/lib/messages";

interface ConfirmProps {
  title: string;
  /** What will be gone. */
  children: ReactNode;
  /** What the button says. */
  label: string;
  act: () => Promise<Outcome<unknown>>;
  onDone: () => void;
  onClose: () => void;
}

export function Confirm({ title, children, label, act, onDone, onClose }: ConfirmProps) {
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const confirm = async () => {
    setBusy(true);
    setFailure(undefined);
    const answer = await act();
    setBusy(false);
    if (answer.ok) onDone();
    else setFailure(answer.failure);
  };

  return (
    <Modal title={title} onClose={onClose}>
      <div className="stack">
        {children}
        {failure && <FailureNote failure={failure} />}
        <div className="row actions">
          <button className="button" type="button" onClick={onClose}>
            {text("app.cancel")}
          </button>
          <button className="button danger" type="button" onClick={confirm} disabled={busy}>
            {busy ? text("app.busy") : label}
          </button>
        </div>
      </div>
    </Modal>
  );
}
