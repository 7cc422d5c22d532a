// Something to send without a camera and a microphone: a picture that is hard to compress, and a tone.

const WIDTH = 640;
const HEIGHT = 360;
const PICTURES_A_SECOND = 20;
const GRAIN = 256;

export interface TestMedia {
  video: MediaStreamTrack;
  audio: MediaStreamTrack;
  /** Whether the browser lets sound run. */
  sounds: boolean;
  stop: () => void;
}

/** Grey noise: what moves without a pattern fills a line as a lively picture does. */
function noise(): HTMLCanvasElement {
  const grain = document.createElement("canvas");
  grain.width = grain.height = GRAIN;
  const context = grain.getContext("2d");
  if (!context) throw new Error("the browser draws nothing");
  const image = context.createImageData(GRAIN, GRAIN);
  for (let at = 0; at < image.data.length; at += 4) image.data.fill(Math.random() * 256, at, at + 3);
  for (let at = 3; at < image.data.length; at += 4) image.data[at] = 255;
  context.putImageData(image, 0, 0);
  return grain;
}

function picture(): { track: MediaStreamTrack; stop: () => void } {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  const grain = noise();
  const pattern = context?.createPattern(grain, "repeat");
  if (!context || !pattern) throw new Error("the browser draws nothing");

  const draw = () => {
    const [x, y] = [Math.random() * GRAIN, Math.random() * GRAIN];
    context.setTransform(2, 0, 0, 2, -2 * x, -2 * y);
    context.fillStyle = pattern;
    context.fillRect(x, y, WIDTH, HEIGHT);
  };
  draw();
  const stream = canvas.captureStream(PICTURES_A_SECOND);
  // Not by animation frames: a page in the background gets none.
  const timer = setInterval(draw, 1000 / PICTURES_A_SECOND);
  const [track] = stream.getVideoTracks();
  if (!track) throw new Error("the browser records no canvas");
  const stop = () => {
    clearInterval(timer);
    track.stop();
  };
  return { track, stop };
}

async function tone(): Promise<{ track: MediaStreamTrack; sounds: boolean; stop: () => void }> {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const oscillator = context.createOscillator();
  oscillator.frequency.value = 440;
  oscillator.connect(output);
  oscillator.start();
  // Where it may not, browsers leave the promise open.
  void context.resume().catch(() => undefined);
  await new Promise((done) => setTimeout(done, 100));
  const [track] = output.stream.getAudioTracks();
  if (!track) throw new Error("the browser makes no sound");
  const stop = () => {
    track.stop();
    void context.close();
  };
  return { track, sounds: context.state === "running", stop };
}

/** Runs until it is stopped; nobody hears or sees it but the other end of the test. */
export async function testMedia(): Promise<TestMedia> {
  const drawn = picture();
  try {
    const played = await tone();
    const stop = () => {
      drawn.stop();
      played.stop();
    };
    return { video: drawn.track, audio: played.track, sounds: played.sounds, stop };
  } catch (error) {
    drawn.stop();
    throw error;
  }
}
