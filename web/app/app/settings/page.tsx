// `/app/settings`: one's own account, sessions and keys.
import type { Metadata } from "next";
import { Settings } from "@/components/settings/settings";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("nav.settings")} · ${text("app.name")}` };

export default function SettingsPage() {
  return <Settings />;
}
