// `/app/diagnostics`: whether this browser and this network are good for meetings, for everybody.
import type { Metadata } from "next";
import { Diagnostics } from "@/components/diagnostics/diagnostics";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("app.diagnostics")} · ${text("app.name")}` };

export default function DiagnosticsPage() {
  return <Diagnostics />;
}
