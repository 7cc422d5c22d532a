// Pictures of pages, small enough to stand in the documentation.
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const WIDEST = 960;
const QUALITY = 0.72;

/** Keeps pictures in `folder`; without one, none is taken. */
export class Pictures {
  #browser;
  #folder;
  #darkroom;

  constructor(browser, folder) {
    this.#browser = browser;
    this.#folder = folder;
    if (folder) mkdirSync(folder, { recursive: true });
  }

  /** Keeps what a window shows now. */
  async take(window, name) {
    if (!this.#folder) return;
    const png = await window.page.screenshot({ animations: "disabled" });
    this.#darkroom ??= await this.#browser.newPage();
    const webp = await this.#darkroom.evaluate(develop, {
      data: png.toString("base64"),
      widest: WIDEST,
      quality: QUALITY,
    });
    await writeFile(join(this.#folder, `${name}.webp`), Buffer.from(webp, "base64"));
  }
}

/** Runs in a page: browsers know how to make WebP. */
async function develop({ data, widest, quality }) {
  const png = await (await fetch(`data:image/png;base64,${data}`)).blob();
  const picture = await createImageBitmap(png);
  const scale = Math.min(1, widest / picture.width);
  const canvas = new OffscreenCanvas(picture.width * scale, picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const webp = await canvas.convertToBlob({ type: "image/webp", quality });
  const bytes = new Uint8Array(await webp.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
