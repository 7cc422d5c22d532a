// A button with a list of things to do below it, walked through with the arrow keys.
"use client";

import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export interface MenuItem {
  label: string;
  /** Where it leads, or what it does. */
  href?: string;
  onSelect?: () => void;
  danger?: boolean;
}

interface MenuProps {
  /** What the button says to whoever does not see its face. */
  label?: string;
  face: ReactNode;
  className?: string;
  items: MenuItem[];
}

const STEPS: Record<string, (at: number, count: number) => number> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

export function Menu({ label, face, className = "icon-button", items }: MenuProps) {
  const [open, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const onPress = (event: PointerEvent) => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPress);
    return () => document.removeEventListener("pointerdown", onPress);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open && event.key === "ArrowDown") {
      event.preventDefault();
      setOpen(true);
    }
    if (!open) return;
    if (event.key === "Escape") return close();
    if (event.key === "Tab") return setOpen(false);
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const found = [...(whole.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = found.indexOf(document.activeElement as HTMLElement);
    found[step(at, found.length)]?.focus();
  };

  return (
    <div className="menu" ref={whole} onKeyDown={onKeyDown}>
      <button
        ref={button}
        className={className}
        type="button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {face}
      </button>
      {open && (
        <div id={id} className="menu-list" role="menu" aria-label={label}>
          {items.map((item, index) => (
            <Item key={item.label} item={item} first={index === 0} onClose={close} />
          ))}
        </div>
      )}
    </div>
  );
}

interface ItemProps {
  item: MenuItem;
  first: boolean;
  onClose: () => void;
}

const focusOn = (element: HTMLElement | null) => element?.focus();

function Item({ item, first, onClose }: ItemProps) {
  const { label, href, onSelect, danger } = item;
  const common = {
    ref: first ? focusOn : undefined,
    role: "menuitem",
    tabIndex: -1,
    className: danger ? "danger" : undefined,
  };
  if (href)
    return (
      <a {...common} href={href}>
        {label}
      </a>
    );
  return (
    <button
      {...common}
      type="button"
      onClick={() => {
        onClose();
        onSelect?.();
      }}
    >
      {label}
    </button>
  );
}
