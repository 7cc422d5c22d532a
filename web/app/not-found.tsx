// What stands at every address that nothing else claims.
import type { Metadata } from "next";
import { Page } from "@/components/page";
import { text } from "@/lib/messages";

export const metadata: Metadata = { title: `${text("notFound.title")} · ${text("app.name")}` };

export default function NotFound() {
  return (
    <Page>
      <section className="card stack">
        <h1>{text("notFound.heading")}</h1>
        <p>{text("notFound.text")}</p>
        <p>
          <a className="button primary" href="/">
            {text("notFound.home")}
          </a>
        </p>
      </section>
    </Page>
  );
}
