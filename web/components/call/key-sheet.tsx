// Every key of the call, and the switch that makes it deaf to them.
"use client";

import { Modal } from "@/components/modal";
import { KEYS } from "@/lib/call/keys";
import { text } from "@/lib/messages";

interface KeySheetProps {
  hears: boolean;
  onHears: (hears: boolean) => void;
  onClose: () => void;
}

export function KeySheet({ hears, onHears, onClose }: KeySheetProps) {
  return (
    <Modal title={text("shortcuts.heading")} onClose={onClose}>
      <dl className="keys">
        {KEYS.map(({ key, label }) => (
          <div key={key}>
            <dt>
              <kbd>{key.toUpperCase()}</kbd>
            </dt>
            <dd>{text(label)}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>{text("shortcuts.space")}</kbd>
          </dt>
          <dd>{text("shortcuts.talk")}</dd>
        </div>
      </dl>
      <label className="check">
        <input type="checkbox" checked={hears} onChange={(event) => onHears(event.target.checked)} />
        {text("shortcuts.hear")}
      </label>
    </Modal>
  );
}
