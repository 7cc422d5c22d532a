// Everything in the call that is not needed every minute.
"use client";

import type { CallDeeds } from "@/components/call/frame";
import { MoreIcon } from "@/components/icons";
import { Menu, type MenuItem } from "@/components/menu";
import { canFillScreen, useFillsScreen } from "@/lib/call/full-screen";
import type { View } from "@/lib/call/kept";
import { canFloat } from "@/lib/call/small-window";
import { text } from "@/lib/messages";

interface MoreMenuProps {
  deeds: CallDeeds;
  view: View;
  narrow: boolean;
  shares: boolean;
}

export function MoreMenu({ deeds, view, narrow, shares }: MoreMenuProps) {
  const fillsScreen = useFillsScreen();
  const items: MenuItem[] = [];
  if (narrow && deeds.share)
    items.push({ label: text(shares ? "call.stopSharing" : "call.share"), onSelect: deeds.share });
  if (narrow) items.push({ label: text("people.heading"), onSelect: deeds.people });
  items.push(
    { label: text(view === "grid" ? "call.viewSpeaker" : "call.viewGrid"), onSelect: deeds.view },
    { label: text("call.devices"), onSelect: deeds.devices },
  );
  if (canFillScreen())
    items.push({
      label: text(fillsScreen ? "call.leaveFullScreen" : "call.fullScreen"),
      onSelect: deeds.fullScreen,
    });
  if (canFloat()) items.push({ label: text("call.float"), onSelect: deeds.float });
  if ("clipboard" in navigator) items.push({ label: text("call.copyLink"), onSelect: deeds.copyLink });
  items.push({ label: text("shortcuts.heading"), onSelect: deeds.help });

  return <Menu className="call-button" label={text("call.more")} face={<MoreIcon />} items={items} />;
}
