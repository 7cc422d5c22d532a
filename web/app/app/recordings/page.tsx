// `/app/recordings`: every recording, and with `?id=` one of them.
import type { Metadata } from "next";
import { Recordings } from "@/components/recordings/recordings";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("nav.recordings")} · ${text("app.name")}` };

export default function RecordingsPage() {
  return <Recordings />;
}
