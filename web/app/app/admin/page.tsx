// `/app/admin`: accounts, the audit log and how the house is.
import type { Metadata } from "next";
import { Administration } from "@/components/admin/admin";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("nav.administration")} · ${text("app.name")}` };

export default function AdministrationPage() {
  return <Administration />;
}
