// A button with a list of things to do beside it.
"use client";

import { Menu as Headless } from "@base-ui/react/menu";
import { useState, type ReactNode } from "react";

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

export function Menu({ label, face, className = "icon-button", items }: MenuProps) {
  const [place, setPlace] = useState<HTMLDivElement | null>(null);

  return (
    // Whoever clicks beside it means what they click on.
    <Headless.Root modal={false}>
      <Headless.Trigger className={className} aria-label={label}>
        {face}
      </Headless.Trigger>
      {/* Beside its button, so that it belongs to the same landmark, and is there when something fills the screen. */}
      <div className="menu" ref={setPlace} />
      <Headless.Portal container={place}>
        <Headless.Positioner
          className="menu-place"
          positionMethod="fixed"
          align="end"
          sideOffset={4}
          collisionPadding={8}
        >
          <Headless.Popup className="menu-list" aria-label={label}>
            {items.map((item) => (
              <Item key={item.label} item={item} />
            ))}
          </Headless.Popup>
        </Headless.Positioner>
      </Headless.Portal>
    </Headless.Root>
  );
}

function Item({ item: { label, href, onSelect, danger } }: { item: MenuItem }) {
  const className = danger ? "danger" : undefined;
  if (href)
    return (
      <Headless.LinkItem className={className} href={href} closeOnClick>
        {label}
      </Headless.LinkItem>
    );
  return (
    <Headless.Item className={className} onClick={onSelect}>
      {label}
    </Headless.Item>
  );
}
