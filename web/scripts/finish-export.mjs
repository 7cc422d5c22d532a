// Turns Next's export in out/ into what the binary embeds: Swagger UI added, hashes for the CSP, compressed files.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const web = fileURLToPath(new URL("..", import.meta.url));
const out = join(web, "out");

const SWAGGER_FILES = ["swagger-ui.css", "swagger-ui-bundle.js", "LICENSE", "NOTICE"];
/** What the first load of Swagger UI may cost on the wire. */
const SWAGGER_BUDGET = 450 * 1024;

const COMPRESSIBLE = new Set([
  ".html",
  ".css",
  ".js",
  ".json",
  ".svg",
  ".txt",
  ".webmanifest",
  ".wasm",
  ".tflite",
]);
/** Below this the headers weigh more than what compression saves. */
const SMALLEST = 1024;

/** The files below `folder`, as paths relative to it, in a stable order. */
export async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** What only Next's own server or a change of page inside the app would ask for; ours loads pages whole. */
export function isNeedless(path) {
  return (
    path.endsWith(".map") ||
    path.endsWith(".txt") ||
    path.startsWith("_not-found") ||
    /^_next\/static\/[^/]+\/_(build|ssg|clientMiddleware)Manifest\.js$/.test(path)
  );
}

/** CSP sources for every script that stands in the page itself. */
export function inlineScriptHashes(html) {
  const scripts = html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi);
  const inline = [...scripts].filter(([, attributes, body]) => !/\ssrc=/i.test(attributes) && body !== "");
  const hashes = inline.map(([, , body]) => `'sha256-${createHash("sha256").update(body).digest("base64")}'`);
  return [...new Set(hashes)].sort();
}

/** The bytes in brotli, which every browser takes over TLS; nothing when they would be more. */
export async function brotli(bytes) {
  const packed = await promisify(brotliCompress)(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  return packed.length < bytes.length ? packed : undefined;
}

/**
 * Whether the plain form stays beside the compressed one, of which the binary makes whatever else is asked for. Pages do:
 * by theirs one sees whether the export was made.
 */
export function staysPlain(path) {
  return extname(path) === ".html";
}

async function removeNeedless() {
  const needless = (await filesIn(out)).filter(isNeedless);
  await Promise.all(needless.map((path) => rm(join(out, path))));
}

async function addSwaggerUi() {
  const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const docs = join(out, "docs");
  await rm(docs, { recursive: true, force: true });
  await mkdir(docs, { recursive: true });
  for (const file of SWAGGER_FILES) {
    const name = extname(file) === "" ? `${file}.txt` : file;
    await copyFile(join(swagger, file), join(docs, name));
  }
  for (const file of ["index.html", "init.js"]) await copyFile(join(web, "docs-ui", file), join(docs, file));
  // The binary answers with its own description, and takes the compressed forms of this one if it is the same.
  await copyFile(join(web, "../openapi/openapi.json"), join(out, "openapi.json"));
}

async function writeHashes() {
  const pages = (await filesIn(out)).filter((path) => path.endsWith(".html"));
  const hashes = {};
  for (const page of pages) hashes[page] = inlineScriptHashes(await readFile(join(out, page), "utf8"));
  await writeFile(join(out, "csp.json"), `${JSON.stringify(hashes, null, 2)}\n`);
}

async function compress() {
  const paths = (await filesIn(out)).filter((path) => COMPRESSIBLE.has(extname(path)) && path !== "csp.json");
  for (const path of paths) {
    const bytes = await readFile(join(out, path));
    if (bytes.length < SMALLEST) continue;
    const packed = await brotli(bytes);
    if (packed === undefined) continue;
    await writeFile(join(out, `${path}.br`), packed);
    if (!staysPlain(path)) await rm(join(out, path));
  }
}

/** How many bytes travel for `path` when the browser takes brotli. */
async function onTheWire(path) {
  const size = async (name) => (await stat(join(out, name)).catch(() => undefined))?.size;
  return (await size(`${path}.br`)) ?? (await size(path)) ?? 0;
}

async function report() {
  const sizes = { plain: 0, br: 0 };
  for (const path of await filesIn(out)) {
    sizes[path.endsWith(".br") ? "br" : "plain"] += (await stat(join(out, path))).size;
  }
  const docs = [
    "docs/index.html",
    "docs/init.js",
    "docs/swagger-ui.css",
    "docs/swagger-ui-bundle.js",
    "openapi.json",
  ];
  let swagger = 0;
  for (const path of docs) swagger += await onTheWire(path);

  const kib = (bytes) => `${Math.ceil(bytes / 1024)} KiB`;
  console.log(`out/: ${kib(sizes.plain + sizes.br)} (plain ${kib(sizes.plain)}, br ${kib(sizes.br)})`);
  console.log(`Swagger UI on the wire: ${kib(swagger)} of ${kib(SWAGGER_BUDGET)}`);
  if (swagger > SWAGGER_BUDGET) throw new Error("Swagger UI is over its budget on the wire");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.includes("--docs")) {
    // In development the app has a server of its own, and only Swagger UI comes from the binary.
    await addSwaggerUi();
    await writeHashes();
    process.exit(0);
  }
  await removeNeedless();
  await addSwaggerUi();
  await writeHashes();
  await compress();
  await report();
}
