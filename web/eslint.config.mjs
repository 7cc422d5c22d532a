// What the linter minds: Next's own rules and TypeScript's, and nothing that is generated.
import next from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

const config = [
  {
    ignores: [
      ".next/",
      "out/",
      "client/dist/",
      "client/generated/",
      "public/app/background/",
      "next-env.d.ts",
    ],
  },
  ...next,
  ...typescript,
  {
    rules: {
      // Going from page to page loads the page: the call leaves nothing behind, and the export stays small.
      "@next/next/no-html-link-for-pages": "off",
      "@next/next/no-location-assign-relative-destination": "off",
    },
  },
];

export default config;
