// What few meetings need to say for themselves: who may publish what, and for how long recordings are kept.
"use client";

import { Field } from "@/components/field";
import { MEDIA, type Medium, type MeetingWish, type WishFaults } from "@/lib/meeting-wish";
import { text } from "@/lib/messages";

interface MeetingExtrasProps {
  wish: MeetingWish;
  faults: WishFaults;
  onChange: (part: Partial<MeetingWish>) => void;
}

export function MeetingExtras({ wish, faults, onChange }: MeetingExtrasProps) {
  const open = faults.days !== undefined || faults.gigabytes !== undefined;
  return (
    <details className="extras" open={open || undefined}>
      <summary>{text("meetingForm.more")}</summary>
      <div className="stack">
        <div className="pair">
          <MediaChoice
            legend={text("meetingForm.speakers")}
            chosen={wish.speaker}
            onChange={(speaker) => onChange({ speaker })}
          />
          <MediaChoice
            legend={text("meetingForm.viewers")}
            chosen={wish.viewer}
            onChange={(viewer) => onChange({ viewer })}
          />
        </div>
        <div className="pair">
          <Field
            id="meeting-days"
            label={text("meetingForm.days")}
            hint={text("meetingForm.daysHint")}
            fault={faults.days && text(faults.days)}
            inputMode="numeric"
            value={wish.days}
            onChange={(days) => onChange({ days: days.trim() })}
          />
          <Field
            id="meeting-gigabytes"
            label={text("meetingForm.gigabytes")}
            hint={text("meetingForm.gigabytesHint")}
            fault={faults.gigabytes && text(faults.gigabytes)}
            inputMode="decimal"
            value={wish.gigabytes}
            onChange={(gigabytes) => onChange({ gigabytes: gigabytes.trim().replace(",", ".") })}
          />
        </div>
      </div>
    </details>
  );
}

interface MediaChoiceProps {
  legend: string;
  chosen: Medium[];
  onChange: (chosen: Medium[]) => void;
}

function MediaChoice({ legend, chosen, onChange }: MediaChoiceProps) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {MEDIA.map((medium) => (
        <label key={medium} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(medium)}
            onChange={(event) =>
              onChange(MEDIA.filter((it) => (it === medium ? event.target.checked : chosen.includes(it))))
            }
          />
          {text(`meetingForm.media.${medium}`)}
        </label>
      ))}
    </fieldset>
  );
}
