// How the app is built: an export of plain files for the binary, and a development server that passes API calls on.
import type { NextConfig } from "next";
import { readdirSync, readFileSync } from "node:fs";
import { PHASE_DEVELOPMENT_SERVER } from "next/constants";
import { version } from "./package.json";

const api = process.env.MEETBOX_API_URL ?? "http://127.0.0.1:3001";

/** What the API answers; the rest of the origin belongs to the app. */
const apiPaths = [
  "/token",
  "/connection-test",
  "/join-info/:path*",
  "/lobby-ticket",
  "/sign-in",
  "/setup",
  "/sessions",
  "/sessions/:path*",
  "/oidc/:path*",
  "/account",
  "/account/:path*",
  "/accounts",
  "/accounts/:path*",
  "/api-keys",
  "/api-keys/:path*",
  "/audit-log",
  "/meetings",
  "/meetings/:path*",
  "/recordings",
  "/recordings/:path*",
  "/health",
  "/livez",
  "/readyz",
  "/docs",
  "/docs/:path*",
  "/openapi.json",
  "/livekit/:path*",
  "/storage/:path*",
];

/** What every language calls itself, by the name of its file. */
function languages(): Record<string, string> {
  const folder = new URL("messages/", import.meta.url);
  const codes = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));
  const nameOf = (code: string) => {
    const texts = JSON.parse(readFileSync(new URL(`${code}.json`, folder), "utf8")) as Record<string, string>;
    return texts["language.name"] ?? code;
  };
  return Object.fromEntries(codes.sort().map((code) => [code, nameOf(code)]));
}

const common: NextConfig = {
  env: { LANGUAGES: JSON.stringify(languages()) },
  reactStrictMode: true,
  devIndicators: false,
  // Next would draw a name by lot, and no two builds of one commit would be alike.
  generateBuildId: () => version,
  images: { unoptimized: true },
};

export default function config(phase: string): NextConfig {
  if (phase !== PHASE_DEVELOPMENT_SERVER) return { ...common, output: "export" };

  return {
    ...common,
    allowedDevOrigins: ["127.0.0.1", "localhost"],
    rewrites: async () => ({
      // One page serves every meeting, as the binary does it with the export.
      beforeFiles: [{ source: "/m/:name", destination: "/m" }],
      afterFiles: apiPaths.map((path) => ({ source: path, destination: `${api}${path}` })),
      fallback: [],
    }),
  };
}
