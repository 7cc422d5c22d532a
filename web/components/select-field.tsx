// A labelled choice among a few, with a hint below it.
import type { SelectHTMLAttributes } from "react";

interface SelectFieldProps<Value extends string> extends Omit<
  SelectHTMLAttributes<HTMLSelectElement>,
  "onChange" | "value"
> {
  id: string;
  label: string;
  hint?: string;
  value: Value;
  /** What can be chosen, and what it is called. */
  options: readonly (readonly [value: Value, name: string])[];
  onChange: (value: Value) => void;
}

export function SelectField<Value extends string>({
  id,
  label,
  hint,
  value,
  options,
  onChange,
  ...select
}: SelectFieldProps<Value>) {
  const hintId = `${id}-hint`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value as Value)}
        aria-describedby={hint && hintId}
        {...select}
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
      {hint && (
        <p id={hintId} className="hint">
          {hint}
        </p>
      )}
    </div>
  );
}
