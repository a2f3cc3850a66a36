import { FRAME_CODE_BITS, FRAME_CODE_HEIGHT_SHARE } from "./film-code.ts";

/**
 * Source of a function for a browser's page, `(video) => number | undefined`: the number of the frame that a `<video>`
 * shows, or undefined if it shows no clean one. In a test: `page.evaluate(`(${readFrameInPage})(document.querySelector("video"))`)`.
 *
 * Costs 1 ms on a paused frame and about 14 ms while playing: sample, do not read every frame. During play compare with
 * `mediaTime` of `requestVideoFrameCallback`, never with `currentTime`, which is up to a frame off.
 */
export const readFrameInPage = `(video) => {
  const side = 8, bits = ${FRAME_CODE_BITS}, width = bits * side, height = 2 * side;
  const canvas = (globalThis.frameReader ??= Object.assign(document.createElement("canvas"), { width, height }));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  // A video without a picture draws nothing: what was read before must not stay.
  context.clearRect(0, 0, width, height);
  const stripHeight = video.videoWidth * ${FRAME_CODE_HEIGHT_SHARE};
  context.drawImage(video, 0, 0, video.videoWidth, stripHeight, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const redAt = (bit, row) => data[((row + 0.5) * side * width + (bit + 0.5) * side) * 4];
  let number = 0;
  for (let bit = 0; bit < bits; bit += 1) {
    const contrast = redAt(bit, 0) - redAt(bit, 1);
    if (Math.abs(contrast) < 70) return undefined;
    if (contrast > 0) number += 2 ** bit;
  }
  return number;
}`;

/**
 * Source of a function for a browser's page, `(video, seconds) => Promise<number>`: seeks, waits until the new frame is
 * on the screen, and gives its `mediaTime`. Seek to the middle of a frame, `(number + 0.5) / fps`: exactly at its start
 * Chromium shows the frame before.
 */
export const seekInPage = `async (video, seconds) => {
  // Either wait alone sometimes ends with the picture from before.
  const shown = new Promise((resolve) => video.requestVideoFrameCallback((_, metadata) => resolve(metadata)));
  const seeked = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
  video.currentTime = seconds;
  await seeked;
  return (await shown).mediaTime;
}`;
