// What a connection test finds out without a connection: about the page, the browser, and the devices.
import { DeviceTrouble, start } from "../capture";
import type { News } from "./checks";

/** What a meeting is sent in; one of them will do. */
const CODECS = ["VP8", "H264", "VP9", "AV1"];

function codecs(): string[] {
  const known = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  const names = known.map(({ mimeType }) => mimeType.replace("video/", "").toUpperCase());
  return CODECS.filter((codec) => names.includes(codec));
}

/** Cameras and microphones are given out only to pages that nobody could have changed on the way. */
export const securePage = (): News => ({
  check: "secure",
  state: window.isSecureContext ? "passed" : "failed",
});

export function ableBrowser(): News {
  const isAble = "RTCPeerConnection" in window && "RTCRtpSender" in window && "WebSocket" in window;
  const found = isAble ? codecs() : [];
  return { check: "browser", state: found.length > 0 ? "passed" : "failed", measured: { codecs: found } };
}

/** Switches camera and microphone on and off again; people are asked for both in one question. */
export async function tryDevices(): Promise<News> {
  const asked = { camera: start("camera"), microphone: start("microphone") };
  const troubleOf = ({ track }: (typeof asked)["camera"]) =>
    track.then(
      () => undefined,
      (error: unknown) => (error instanceof DeviceTrouble ? error.trouble : "failed"),
    );
  const [camera, microphone] = await Promise.all([troubleOf(asked.camera), troubleOf(asked.microphone)]);
  asked.camera.cancel();
  asked.microphone.cancel();
  const works = !camera && !microphone;
  return {
    check: "devices",
    state: works ? "passed" : "warns",
    measured: { devices: { camera, microphone } },
  };
}
