// A button with a list of things to do beside it, as the headless set does it.
"use client";

import { Menu as Headless } from "@base-ui/react/menu";
import { useRef, useState } from "react";
import type { MenuItem, MenuProps } from "@/components/menu";

export default function MenuList({ label, face, className, items }: MenuProps) {
  const [place, setPlace] = useState<HTMLDivElement | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const chosen = useRef<() => void>(undefined);
  // Only when the list is gone: what opens then gives the focus back to what has it, which must be the button by then.
  const closed = () => {
    if (!chosen.current) return;
    button.current?.focus();
    chosen.current();
    chosen.current = undefined;
  };

  return (
    // Whoever clicks beside it means what they click on.
    <Headless.Root modal={false} onOpenChangeComplete={(open) => open || closed()}>
      <Headless.Trigger className={className} aria-label={label} ref={button}>
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
              <Item key={item.label} item={item} onChoose={(deed) => (chosen.current = deed)} />
            ))}
          </Headless.Popup>
        </Headless.Positioner>
      </Headless.Portal>
    </Headless.Root>
  );
}

function Item({ item, onChoose }: { item: MenuItem; onChoose: (deed?: () => void) => void }) {
  const { label, href, onSelect, danger } = item;
  const className = danger ? "danger" : undefined;
  if (href)
    return (
      <Headless.LinkItem className={className} href={href} closeOnClick>
        {label}
      </Headless.LinkItem>
    );
  return (
    <Headless.Item className={className} onClick={() => onChoose(onSelect)}>
      {label}
    </Headless.Item>
  );
}
