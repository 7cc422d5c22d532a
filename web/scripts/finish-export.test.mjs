// The rules of the export: which scripts get a hash, what is left out, which compressed forms are kept.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "vitest";
import { brotliDecompressSync } from "node:zlib";
import { brotli, inlineScriptHashes, isNeedless, staysPlain } from "./finish-export.mjs";

const hashOf = (body) => `'sha256-${createHash("sha256").update(body).digest("base64")}'`;

test("every inline script is hashed once, byte for byte, and files are left to 'self'", () => {
  const body = '\n(self.__next_f=self.__next_f||[]).push([1,"<b>"]) ';
  const html = `<script src="/a.js" async=""></script><script id="_R_">one()</script><SCRIPT>${body}</SCRIPT><script>one()</script>`;
  assert.deepEqual(inlineScriptHashes(html), [hashOf("one()"), hashOf(body)].sort());
});

test("a page without inline scripts needs no hash", () => {
  assert.deepEqual(inlineScriptHashes('<script src="init.js"></script><script></script>'), []);
});

test("what only Next's server would use stays out, what pages load stays in", () => {
  const needless = [
    "index.txt",
    "m/__next.m.__PAGE__.txt",
    "_not-found.html",
    "_next/static/0.1.0/_buildManifest.js",
  ];
  const needed = ["index.html", "404.html", "m.html", "_next/static/chunks/0j1w.js", "app/icon.svg"];
  assert.deepEqual(needless.filter(isNeedless), needless);
  assert.deepEqual(needed.filter(isNeedless), []);
});

test("the compressed form opens to the same bytes, and is dropped where it would be larger", async () => {
  const page = Buffer.from("<p>hello</p>".repeat(500));
  assert.deepEqual(brotliDecompressSync(await brotli(page)), page);
  assert.equal(await brotli(randomBytes(4096)), undefined);
});

test("what is compressed is carried so alone, but for pages", () => {
  assert.equal(staysPlain("_next/static/chunks/0j1w.js"), false);
  assert.equal(staysPlain("index.html"), true);
});
