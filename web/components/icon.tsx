// How every mark is drawn: lines of one width, in the colour of the words that they stand beside.
import type { ReactNode } from "react";

/** `size` in pixels. */
export function Icon({ children, size = 20 }: { children: ReactNode; size?: number }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** Through what is off. */
export const Slash = () => <path d="M4 4l16 16" />;
