// A labelled line of a form, with a hint below it that gives way to what is wrong.
import type { InputHTMLAttributes } from "react";

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> {
  id: string;
  label: string;
  hint?: string;
  fault?: string;
  onChange: (value: string) => void;
}

export function Field({ id, label, hint, fault, onChange, ...input }: FieldProps) {
  const below = fault ?? hint;
  const hintId = `${id}-hint`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={fault !== undefined}
        aria-describedby={below && hintId}
        {...input}
      />
      {below && (
        <p id={hintId} className={fault ? "hint wrong" : "hint"} aria-live="polite">
          {below}
        </p>
      )}
    </div>
  );
}
