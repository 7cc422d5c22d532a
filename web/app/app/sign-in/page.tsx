// `/app/sign-in`: address and password, and on to where somebody came from.
import type { Metadata } from "next";
import { SignIn } from "@/components/sign-in";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("signIn.heading")} · ${text("app.name")}` };

export default function SignInPage() {
  return <SignIn />;
}
