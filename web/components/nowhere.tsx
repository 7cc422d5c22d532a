// Tells that there is nothing at an address, and the way home.
"use client";

import { Page } from "@/components/page";
import { text } from "@/lib/messages";

export function Nowhere() {
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
