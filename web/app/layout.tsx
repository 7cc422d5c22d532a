// The frame around every page: language, colours and styles.
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import "@/styles/tokens.css";
import "@/styles/app.css";
import "@/styles/frame.css";
import "@/styles/content.css";
import { Speaking } from "@/components/speaking";
import { TrustedScripts } from "@/components/trusted-scripts";
import { text } from "@/lib/messages";

export const metadata: Metadata = {
  title: text("app.name"),
  description: text("app.description"),
  icons: "/app/icon.svg",
  robots: { index: false },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  colorScheme: "light dark",
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <TrustedScripts />
      </head>
      <body>
        <Speaking>{children}</Speaking>
      </body>
    </html>
  );
}
