// What stands at every address that nothing else claims.
import type { Metadata } from "next";
import { Nowhere } from "@/components/nowhere";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("notFound.title")} · ${text("app.name")}` };

export default function NotFound() {
  return <Nowhere />;
}
