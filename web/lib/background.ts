// Blurs what is behind somebody. Program, model and WebAssembly are ours to serve, and loaded only when it is switched on.
import { useEffect, useState } from "react";

/** Where `scripts/background-files.mjs` puts what the blur needs. */
const FILES = "/app/background";

/** How far the background is out of focus. */
const RADIUS = 12;

/** Whether this browser can blur at all; to be asked in the browser only. */
export function canBlur(): boolean {
  const hasFrames =
    "OffscreenCanvas" in window && "VideoFrame" in window && "captureStream" in HTMLCanvasElement.prototype;
  return hasFrames && document.createElement("canvas").getContext("webgl2") !== null;
}

/** A processor for a camera's track of LiveKit's client: `track.setProcessor(await blurProcessor())`. */
export async function blurProcessor() {
  const { BackgroundProcessor } = await import("@livekit/track-processors");
  return BackgroundProcessor({
    mode: "background-blur",
    blurRadius: RADIUS,
    assetPaths: { tasksVisionFileSet: FILES, modelAssetPath: `${FILES}/selfie_segmenter.tflite` },
  });
}

/** The same for a plain track. Whoever no longer wants the picture calls `stop`; the track itself goes on. */
export async function blurred(
  track: MediaStreamTrack,
): Promise<{ track: MediaStreamTrack; stop: () => Promise<void> }> {
  const [{ Track }, processor] = await Promise.all([import("livekit-client"), blurProcessor()]);
  const element = document.createElement("video");
  element.muted = true;
  element.playsInline = true;
  element.srcObject = new MediaStream([track]);
  await element.play();
  const stop = async () => {
    await processor.destroy();
    element.srcObject = null;
  };
  try {
    await processor.init({ kind: Track.Kind.Video, track, element });
  } catch (error) {
    await stop();
    throw error;
  }
  if (!processor.processedTrack) throw new Error("the blur gives no picture");
  return { track: processor.processedTrack, stop };
}

export type Blur = "off" | "starting" | "on" | "failed";

/** The picture to show of a camera: blurred where that is wanted and works, else as it is. */
export function useBlur(track: MediaStreamTrack | undefined, wanted: boolean) {
  const [result, setResult] = useState<{ of: MediaStreamTrack; track?: MediaStreamTrack }>();

  useEffect(() => {
    if (!track || !wanted) return;
    let gone = false;
    let stop: (() => Promise<void>) | undefined;
    blurred(track).then(
      (picture) => {
        stop = picture.stop;
        if (gone) void stop();
        else setResult({ of: track, track: picture.track });
      },
      (error: unknown) => {
        console.warn("the background cannot be blurred:", error);
        if (!gone) setResult({ of: track });
      },
    );
    return () => {
      gone = true;
      void stop?.();
      setResult(undefined);
    };
  }, [track, wanted]);

  if (!track || !wanted) return { picture: track, blur: "off" as Blur };
  // Until it is blurred it is not shown: somebody wants to hide something.
  if (result?.of !== track) return { picture: undefined, blur: "starting" as Blur };
  return { picture: result.track ?? track, blur: (result.track ? "on" : "failed") as Blur };
}
