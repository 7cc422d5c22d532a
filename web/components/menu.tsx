// A button with a list of things to do beside it. The list weighs more than all of home: it comes when a page has one.
"use client";

import { lazy, Suspense, type ReactNode } from "react";
import { Late } from "@/components/late";

export interface MenuItem {
  label: string;
  /** Where it leads, or what it does. */
  href?: string;
  onSelect?: () => void;
  danger?: boolean;
}

export interface MenuProps {
  /** What the button says to whoever does not see its face. */
  label?: string;
  face: ReactNode;
  className?: string;
  items: MenuItem[];
}

const MenuList = lazy(() => import("@/components/menu-list"));

export function Menu({ className = "icon-button", ...props }: MenuProps) {
  const { label, face } = props;
  const bare = (
    <button className={className} type="button" aria-label={label} aria-haspopup="menu" aria-disabled>
      {face}
    </button>
  );
  return (
    <Late instead={bare}>
      <Suspense fallback={bare}>
        <MenuList className={className} {...props} />
      </Suspense>
    </Late>
  );
}
