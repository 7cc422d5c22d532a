// What people see when a page of ours breaks: a way on instead of a blank screen.
"use client";

import { Page } from "@/components/page";
import { text } from "@/lib/messages";

export default function Failure() {
  return (
    <Page>
      <section className="card stack" role="alert">
        <h1>{text("failure.heading")}</h1>
        <p>
          <button className="button primary" type="button" onClick={() => window.location.reload()}>
            {text("failure.again")}
          </button>
        </p>
      </section>
    </Page>
  );
}
