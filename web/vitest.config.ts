// How the unit tests run: in Node, with the app's own short paths.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL(".", import.meta.url)) } },
  test: { include: ["tests/**/*.test.ts", "scripts/**/*.test.mjs"], environment: "node" },
});
