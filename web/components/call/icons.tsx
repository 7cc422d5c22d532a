// The marks of the call; all of them are decoration beside words.
import { Icon } from "@/components/icon";

export function PinIcon() {
  return (
    <Icon>
      <path d="M9 3.5h6l-.8 6 3.3 3V14h-11v-1.5l3.3-3zM12 14v6.5" transform="rotate(40 12 12)" />
    </Icon>
  );
}

/** A connection that hardly holds: one bar of three. */
export function WeakIcon() {
  return (
    <Icon>
      <path d="M5 19v-4" strokeWidth="3" />
      <path d="M12 19v-8M19 19V7" strokeWidth="3" opacity="0.35" />
    </Icon>
  );
}

export function BackIcon() {
  return (
    <Icon>
      <path d="M14.5 6 8.5 12l6 6" />
    </Icon>
  );
}

export function OnIcon() {
  return (
    <Icon>
      <path d="M9.5 6l6 6-6 6" />
    </Icon>
  );
}
