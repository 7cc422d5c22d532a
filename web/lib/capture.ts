// Asks the browser for a camera and a microphone. What is wanted at the same moment is one question to people, not two.
import { troubleOf, type Source, type Trouble } from "./trouble";

/** A device that did not start. */
export class DeviceTrouble extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

interface Asked {
  source: Source;
  id: string | undefined;
  given: (track: MediaStreamTrack) => void;
  refused: (trouble: DeviceTrouble) => void;
}

const ideal = (id: string | undefined) => (id ? { deviceId: { ideal: id } } : {});

const constraints = {
  microphone: (id?: string): MediaStreamConstraints => ({ audio: { ...ideal(id) } }),
  camera: (id?: string): MediaStreamConstraints => ({
    video: { ...ideal(id), width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
  }),
};

/** What the browser remembers of a permission; nothing where it does not tell. */
export async function permissionFor(source: Source): Promise<PermissionStatus | undefined> {
  try {
    return await navigator.permissions.query({ name: source as PermissionName });
  } catch {
    return undefined;
  }
}

const trackOf = (stream: MediaStream, source: Source) =>
  (source === "camera" ? stream.getVideoTracks() : stream.getAudioTracks())[0];

let batch: Asked[] = [];

/** Starts a device. Whoever no longer wants it calls `cancel`, and it is off. */
export function start(source: Source, id?: string): { track: Promise<MediaStreamTrack>; cancel: () => void } {
  let unwanted = false;
  let running: MediaStreamTrack | undefined;
  let asked: Asked | undefined;
  const track = new Promise<MediaStreamTrack>((resolve, reject) => {
    const given = (found: MediaStreamTrack) => {
      if (unwanted) found.stop();
      running = found;
      resolve(found);
    };
    asked = { source, id, given, refused: reject };
    if (batch.push(asked) === 1) queueMicrotask(askForBatch);
  });
  const cancel = () => {
    unwanted = true;
    batch = batch.filter((one) => one !== asked);
    running?.stop();
  };
  return { track, cancel };
}

async function askForBatch() {
  const asked = batch;
  batch = [];
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media) return asked.forEach(({ refused }) => refused(new DeviceTrouble("insecure")));

  const [camera, microphone] = (["camera", "microphone"] as const).map((source) =>
    asked.find((one) => one.source === source),
  );
  if (camera && microphone && (await gotBoth(media, camera, microphone))) return;
  for (const one of asked) await askFor(media, one);
}

/** Whether both came, or it is certain that asking for each would only bring a second question. */
async function gotBoth(media: MediaDevices, camera: Asked, microphone: Asked): Promise<boolean> {
  try {
    const stream = await media.getUserMedia({
      ...constraints.camera(camera.id),
      ...constraints.microphone(microphone.id),
    });
    for (const one of [camera, microphone]) settle(one, stream);
    return true;
  } catch (error) {
    if (troubleOf(error) !== "denied") return false;
    const states = await Promise.all([permissionFor("camera"), permissionFor("microphone")]);
    if (!states.every((status) => status && status.state !== "granted")) return false;
    [camera, microphone].forEach((one, index) =>
      one.refused(new DeviceTrouble(troubleOf(error, states[index]?.state))),
    );
    return true;
  }
}

async function askFor(media: MediaDevices, one: Asked) {
  try {
    settle(one, await media.getUserMedia(constraints[one.source](one.id)));
  } catch (error) {
    const permission = await permissionFor(one.source);
    one.refused(new DeviceTrouble(troubleOf(error, permission?.state)));
  }
}

function settle(one: Asked, stream: MediaStream) {
  const track = trackOf(stream, one.source);
  if (track) one.given(track);
  else one.refused(new DeviceTrouble("missing"));
}
