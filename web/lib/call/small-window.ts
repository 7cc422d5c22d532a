// The call in a small window above all others: a page of its own where the browser has such windows, else the one picture.

interface Opener {
  requestWindow: (size: { width: number; height: number }) => Promise<Window>;
}

const opener = (): Opener | undefined =>
  (window as Window & { documentPictureInPicture?: Opener }).documentPictureInPicture;

const canFloatPicture = (): boolean =>
  document.pictureInPictureEnabled && "requestPictureInPicture" in HTMLVideoElement.prototype;

/** Whether there is any way; to be asked in the browser only. */
export const canFloat = (): boolean => opener() !== undefined || canFloatPicture();

/** A small empty window in our colours; nothing where the browser has none, or does not want to open one. */
export async function openSmallWindow(): Promise<Window | undefined> {
  const opened = await opener()
    ?.requestWindow({ width: 400, height: 260 })
    .catch(() => undefined);
  if (!opened) return undefined;
  for (const node of document.querySelectorAll('link[rel="stylesheet"], style'))
    opened.document.head.append(node.cloneNode(true));
  opened.document.documentElement.lang = document.documentElement.lang;
  opened.document.documentElement.dir = document.documentElement.dir;
  opened.document.title = document.title;
  opened.document.body.className = "small-window";
  return opened;
}

/** Lets one picture float above the other windows. */
export async function floatPicture(video: HTMLVideoElement | null): Promise<void> {
  if (document.pictureInPictureElement) return document.exitPictureInPicture();
  await video?.requestPictureInPicture().catch(() => undefined);
}

export const hasSmallWindows = (): boolean => opener() !== undefined;
