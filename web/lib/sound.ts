// Sound without a file: how loud a microphone is, a tone to try the speaker with, and the soft call of the lobby.

type Context = AudioContext & { setSinkId?: (id: string) => Promise<void> };

/** Nothing where the browser has no Web Audio, or gives out no more of it. */
function newContext(): Context | undefined {
  try {
    return new AudioContext();
  } catch {
    return undefined;
  }
}

/** From silence (0) to loud (1), as ears have it: in decibels between −60 and −12. */
export function loudness(samples: Float32Array): number {
  const sum = samples.reduce((total, sample) => total + sample * sample, 0);
  const decibels = 10 * Math.log10(sum / Math.max(samples.length, 1) + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 48));
}

/** Tells ten times a second how loud a track is; nothing while the browser keeps sound back. Answers how to stop. */
export function listen(track: MediaStreamTrack, tell: (level: number) => void): () => void {
  const context = newContext();
  if (!context) return () => undefined;
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);

  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (context.state !== "running") return;
    analyser.getFloatTimeDomainData(samples);
    tell(loudness(samples));
  }, 100);
  // Some browsers let sound run only after somebody has touched the page.
  const wake = () => void context.resume();
  window.addEventListener("pointerdown", wake);
  window.addEventListener("keydown", wake);
  return () => {
    clearInterval(timer);
    window.removeEventListener("pointerdown", wake);
    window.removeEventListener("keydown", wake);
    void context.close();
  };
}

interface Note {
  pitch: number;
  at: number;
  lasts: number;
}

function write(context: AudioContext, into: AudioNode, { pitch, at, lasts }: Note, volume: number) {
  const begins = context.currentTime + at;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = pitch;
  // Swelling and fading, so that it does not click.
  gain.gain.setValueAtTime(0, begins);
  gain.gain.linearRampToValueAtTime(volume, begins + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.001, begins + lasts);
  oscillator.connect(gain).connect(into);
  oscillator.start(begins);
  oscillator.stop(begins + lasts);
}

/** Plays notes, on the speaker of that id where the browser can choose one. Answers whether it played to the end. */
async function play(notes: Note[], volume: number, speaker?: string): Promise<boolean> {
  const context = newContext();
  if (!context) return false;
  try {
    await context.resume();
    const output = context.createMediaStreamDestination();
    const element = new Audio();
    element.srcObject = output.stream;
    if (speaker && "setSinkId" in element) await element.setSinkId(speaker).catch(() => undefined);
    for (const note of notes) write(context, output, note, volume);
    await element.play();
    const lasts = Math.max(...notes.map(({ at, lasts: length }) => at + length));
    await new Promise((done) => setTimeout(done, 1_000 * lasts + 150));
    element.srcObject = null;
    return true;
  } catch {
    return false;
  } finally {
    void context.close();
  }
}

const C5 = 523.25;
const E5 = 659.25;
const G5 = 783.99;

/** Three rising notes. */
export const playTone = (speaker?: string): Promise<boolean> =>
  play(
    [C5, E5, G5].map((pitch, index) => ({ pitch, at: index * 0.3, lasts: 0.6 })),
    0.35,
    speaker,
  );

/** Two soft notes: somebody is at the door. */
export const playCall = (speaker?: string): Promise<boolean> =>
  play(
    [G5, E5].map((pitch, index) => ({ pitch, at: index * 0.22, lasts: 0.5 })),
    0.12,
    speaker,
  );

/** Whether this browser can play on a speaker of choice. */
export const choosesSpeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;
