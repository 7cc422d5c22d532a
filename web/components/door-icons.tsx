// The marks of the doorstep, the lobby and the connection test; all of them are decoration beside words.
import { Icon, Slash } from "@/components/icon";

/** Somebody before a background of dots. */
export function BlurIcon({ off }: { off: boolean }) {
  return (
    <Icon>
      <circle cx="12" cy="9.5" r="3" />
      <path d="M6.5 20a5.5 5.5 0 0 1 11 0M4 5v.01M4 10v.01M7.5 3.5v.01M16.5 3.5v.01M20 5v.01M20 10v.01M4 15v.01M20 15v.01" />
      {off && <Slash />}
    </Icon>
  );
}

export function RecordIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="8.5" />
      <circle cx="12" cy="12" r="3.5" fill="currentColor" />
    </Icon>
  );
}

/** Something to know, and nothing to be frightened of. */
export function InfoIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 11v5M12 8v.01" />
    </Icon>
  );
}

export function SoundIcon({ off }: { off: boolean }) {
  return (
    <Icon>
      <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />
      {off && <Slash />}
    </Icon>
  );
}
