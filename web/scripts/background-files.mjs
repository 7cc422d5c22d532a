// Puts what the blurred background needs into public/, where the app serves it itself: MediaPipe's WebAssembly and its model.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withNote } from "./selfie-model.mjs";

const folder = fileURLToPath(new URL("../public/app/background", import.meta.url));
const require = createRequire(import.meta.url);

/** Every browser that can hand out frames has SIMD, so the slower build is left out. */
const PROGRAM = ["vision_wasm_internal.js", "vision_wasm_internal.wasm"];

const NOTICE = `The files in this folder are MediaPipe's (https://github.com/google-ai-edge/mediapipe),
Copyright The MediaPipe Authors, under the Apache License, Version 2.0
(https://www.apache.org/licenses/LICENSE-2.0).

vision_wasm_internal.js and .wasm come unchanged from the npm package @mediapipe/tasks-vision.
selfie_segmenter.tflite is selfie_segmentation.tflite of @mediapipe/selfie_segmentation; a note on
the colours that it takes was added to it.
`;

const vision = join(dirname(require.resolve("@mediapipe/tasks-vision")), "wasm");
const model = join(
  dirname(require.resolve("@mediapipe/selfie_segmentation/package.json")),
  "selfie_segmentation.tflite",
);

await mkdir(folder, { recursive: true });
for (const file of PROGRAM) await copyFile(join(vision, file), join(folder, file));
await writeFile(join(folder, "selfie_segmenter.tflite"), withNote(await readFile(model)));
await writeFile(join(folder, "NOTICE.md"), NOTICE);
