// Oneself before the call: camera and microphone as they were chosen, and the picture to show.
import { useBlur, type Blur } from "./background";
import type { Choices } from "./choices";
import { useDevicePreview, type DevicePreview } from "./devices";

export interface Self {
  camera: DevicePreview;
  microphone: DevicePreview;
  /** Absent while there is none, or while it is not blurred yet. */
  picture: MediaStreamTrack | undefined;
  blur: Blur;
}

export function useSelf(choices: Choices): Self {
  const camera = useDevicePreview("camera", choices.camera, choices.cameraId);
  const microphone = useDevicePreview("microphone", choices.microphone, choices.microphoneId);
  return { camera, microphone, ...useBlur(camera.track, choices.blur) };
}

/** What to start the call with: what failed here would only fail again inside, with a second question from the browser. */
export const choicesThatWork = (choices: Choices, { camera, microphone }: Self): Choices => ({
  ...choices,
  camera: choices.camera && !camera.trouble,
  microphone: choices.microphone && !microphone.trouble,
});
