// What pages cost on the wire: everything that a browser fetches from us for them, compressed as it travels.

/** Bytes that each may cost, scripts, styles and pages together; what the API answers is not counted. */
export const BUDGETS = { home: 200 * 1024, door: 320 * 1024, call: 450 * 1024 };

/** Weighs what a page fetches from now on; the answer tells the bytes so far. */
export async function weigh(window) {
  const session = await window.page.context().newCDPSession(window.page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const counted = new Map();
  let sum = 0;
  session.on("Network.responseReceived", ({ requestId, response, type }) => {
    const ours = ["Document", "Script", "Stylesheet", "Image", "Font", "Manifest"].includes(type);
    if (ours && !response.url.startsWith("data:") && !response.url.startsWith("blob:"))
      counted.set(requestId, response.url);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (counted.has(requestId)) sum += encodedDataLength;
  });
  return () => sum;
}
