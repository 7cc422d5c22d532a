// Which browser and system somebody has, so that they can be told where a switch is. Nothing is decided by it.

export type Browser =
  | "chrome"
  | "chromeAndroid"
  | "chromeIos"
  | "edge"
  | "firefox"
  | "firefoxAndroid"
  | "safari"
  | "safariIos"
  | "other";

export type System = "android" | "ios" | "linux" | "mac" | "windows" | "other";

/** An iPad calls itself a Mac; only its fingers give it away. */
export function systemOf(agent: string, touchPoints = 0): System {
  if (/iPhone|iPad|iPod/.test(agent)) return "ios";
  if (/Android/.test(agent)) return "android";
  if (/Macintosh|Mac OS X/.test(agent)) return touchPoints > 1 ? "ios" : "mac";
  if (/Windows/.test(agent)) return "windows";
  return /Linux|X11|CrOS/.test(agent) ? "linux" : "other";
}

export function browserOf(agent: string, touchPoints = 0): Browser {
  const system = systemOf(agent, touchPoints);
  if (/FxiOS|EdgiOS|OPiOS/.test(agent)) return "other";
  if (/CriOS/.test(agent)) return "chromeIos";
  if (/Firefox\//.test(agent)) return system === "android" ? "firefoxAndroid" : "firefox";
  if (/OPR\/|SamsungBrowser|Vivaldi/.test(agent)) return "other";
  if (/Edg(A)?\//.test(agent)) return system === "android" ? "chromeAndroid" : "edge";
  if (/Chrom(e|ium)\//.test(agent)) return system === "android" ? "chromeAndroid" : "chrome";
  if (/Safari\//.test(agent)) return system === "ios" ? "safariIos" : "safari";
  return "other";
}

export const ownBrowser = (): Browser => browserOf(navigator.userAgent, navigator.maxTouchPoints);
export const ownSystem = (): System => systemOf(navigator.userAgent, navigator.maxTouchPoints);
