// Makes client/generated from openapi/openapi.json; with --check only tells whether what is committed is still right.
import { createClient } from "@hey-api/openapi-ts";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
const spec = process.env.OPENAPI_SPEC ?? join(web, "../openapi/openapi.json");
const committed = join(web, "client/generated");

async function generate(path) {
  await createClient({
    input: spec,
    logs: { level: "warn", file: false },
    // `.js` in the imports, because Node resolves no bare names inside a published package.
    output: { path, importFileExtension: ".js", tsConfigPath: join(web, "client/tsconfig.json") },
    plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  });
}

/** Every file under `folder` as path and text. */
async function contents(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return new Map(files.map((file, i) => [relative(folder, file), texts[i]]));
}

async function check() {
  // Beside the real one, so that the generator finds the same packages and settings.
  const fresh = await mkdtemp(join(web, "client/.check-"));
  try {
    await generate(fresh);
    const [now, then] = [await contents(fresh), await contents(committed)];
    const names = new Set([...now.keys(), ...then.keys()]);
    return [...names].filter((name) => now.get(name) !== then.get(name)).sort();
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

if (process.argv.includes("--check")) {
  const stale = await check();
  if (stale.length > 0) {
    console.error(`error: web/client is stale against openapi/openapi.json: ${stale.join(", ")}`);
    console.error("\nhint: run `npm run client` in web/ and commit the result");
    process.exit(1);
  }
  console.log("web/client agrees with openapi/openapi.json");
} else {
  await generate(committed);
  console.log(`wrote ${relative(process.cwd(), committed)}`);
}
