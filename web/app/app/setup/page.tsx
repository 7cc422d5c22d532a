// `/app/setup#…`: the first administrator's account, with the secret of a one-time link.
import type { Metadata } from "next";
import { Setup } from "@/components/setup";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("setup.heading")} · ${text("app.name")}` };

export default function SetupPage() {
  return <Setup />;
}
