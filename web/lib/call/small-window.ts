// The call in a small window above all others: a page of its own where the browser has such windows, else the one picture.
import { useEffect, useRef, useState } from "react";

interface Opener {
  requestWindow: (size: { width: number; height: number }) => Promise<Window>;
}

const opener = (): Opener | undefined =>
  (window as Window & { documentPictureInPicture?: Opener }).documentPictureInPicture;

const canFloatPicture = (): boolean =>
  document.pictureInPictureEnabled && "requestPictureInPicture" in HTMLVideoElement.prototype;

/** Whether there is any way; to be asked in the browser only. */
export const canFloat = (): boolean => opener() !== undefined || canFloatPicture();

/** A small empty window in our colours; nothing when the browser does not want to open one. */
async function open(from: Opener): Promise<Window | undefined> {
  const opened = await from.requestWindow({ width: 400, height: 260 }).catch(() => undefined);
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
async function floatPicture(video: HTMLVideoElement | null): Promise<void> {
  if (document.pictureInPictureElement) return document.exitPictureInPicture();
  await video?.requestPictureInPicture().catch(() => undefined);
}

/** The window while it is open, and what opens and closes it. It goes with the call. */
export function useSmallWindow(): [Window | undefined, () => void] {
  const [shown, setShown] = useState<Window>();
  const latest = useRef<Window>(undefined);
  useEffect(() => () => latest.current?.close(), []);

  const change = async () => {
    if (latest.current) return latest.current.close();
    const from = opener();
    if (!from) return floatPicture(document.querySelector(".call-stage .large video, .call-stage video"));
    const opened = await open(from);
    latest.current = opened;
    setShown(opened);
    opened?.addEventListener("pagehide", () => {
      latest.current = undefined;
      setShown(undefined);
    });
  };
  return [shown, () => void change()];
}
