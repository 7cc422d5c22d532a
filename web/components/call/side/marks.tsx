// The marks of the panel beside the pictures, and of reactions; all of them are decoration beside words.
import type { ReactNode } from "react";
import { Icon } from "@/components/icon";
import type { Reaction } from "@/lib/call/side/wire";

export function PeopleMark() {
  return (
    <Icon>
      <circle cx="9" cy="8.5" r="3.2" />
      <path d="M3 19.5a6 6 0 0 1 12 0M15.5 5.6a3.2 3.2 0 0 1 0 5.8M17.5 14a6 6 0 0 1 3.5 5.5" />
    </Icon>
  );
}

export function ChatMark() {
  return (
    <Icon>
      <path d="M5.5 4.5h13a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H11l-4.5 3.5v-3.5h-1a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM8 9h8M8 12.5h5" />
    </Icon>
  );
}

const HAND =
  "M8 12.5V6a1.4 1.4 0 0 1 2.8 0v5M10.8 10.5V4.4a1.4 1.4 0 0 1 2.8 0v6.1M13.6 10.8V5.6a1.4 1.4 0 0 1 2.8 0v8.9c0 4-2.4 6-5.4 6-2.6 0-4-1.3-5.3-3.7l-1.9-3.5a1.4 1.4 0 0 1 2.4-1.4L8 14.4";

export function HandMarkIcon() {
  return (
    <Icon>
      <path d={HAND} />
    </Icon>
  );
}

export function SmileMark() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M8.5 14.2a4.4 4.4 0 0 0 7 0M9 9.5v.01M15 9.5v.01" />
    </Icon>
  );
}

export function SendMark() {
  return (
    <Icon>
      <path d="M4.5 12h8M4.5 12 3.5 4.5l17 7.5-17 7.5z" />
    </Icon>
  );
}

/** Three bars, as many filled as the connection is good. */
export function QualityMark({ bars }: { bars: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="18" height="18" fill="currentColor" aria-hidden="true">
      {[0, 1, 2].map((bar) => (
        <rect
          key={bar}
          x={4 + bar * 6}
          y={15 - bar * 5}
          width="4"
          height={5 + bar * 5}
          rx="1.2"
          opacity={bar < bars ? 1 : 0.3}
        />
      ))}
    </svg>
  );
}

const drawn: Record<Reaction, ReactNode> = {
  like: (
    <path d="M7 11v8.5H4.5a1 1 0 0 1-1-1V12a1 1 0 0 1 1-1zM7 11l4-7c1.6 0 2.6 1.2 2.4 2.8L13 9.5h5.2a2 2 0 0 1 2 2.4l-1.2 6a2 2 0 0 1-2 1.6H7" />
  ),
  applause: (
    <path d="M9.5 13.5 6.8 9.4a1.3 1.3 0 0 1 2.2-1.4l3 4.4-3.8-6a1.3 1.3 0 0 1 2.2-1.4l4.2 6.4-.6-2.9a1.3 1.3 0 0 1 2.5-.7l1.6 5.2c1.1 3.6-.7 6-3 7-2.5 1-4.8.3-6.6-2.2L4.6 12.4a1.3 1.3 0 0 1 2.1-1.5M15 3.5v2M18.6 4.6l-1.2 1.6M21 7.8l-1.9.7" />
  ),
  heart: (
    <path d="M12 20s-7.5-4.6-7.5-10.3A4.2 4.2 0 0 1 12 7.2a4.2 4.2 0 0 1 7.5 2.5C19.5 15.4 12 20 12 20z" />
  ),
  laugh: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M7.5 13.5h9a4.5 4.5 0 0 1-9 0zM8 10l1.3-1.3L10.6 10M13.4 10l1.3-1.3L16 10" />
    </>
  ),
  surprise: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <circle cx="12" cy="15.2" r="2" />
      <path d="M9 9.5v.01M15 9.5v.01" />
    </>
  ),
  celebrate: (
    <path d="M8.5 9 4 20l11-4.5zM8.5 9a12 12 0 0 1 6.5 6.5M13 8.5c.3-1.8-.2-3-1.5-4M15.5 11c1.8-.3 3 .2 4 1.5M14.5 9.5l4-4M18.5 9v.01M15 4.5v.01M20.5 5v.01" />
  ),
};

export function ReactionMark({ which, size = 24 }: { which: Reaction; size?: number }) {
  return <Icon size={size}>{drawn[which]}</Icon>;
}
