/** Source of a function for a browser's page, `(video) => ear`: an element can be tapped once in its life. */
const earInPage = `(video) => (video.ear ??= (() => {
  const context = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(context, { fftSize: 32768 });
  context.createMediaElementSource(video).connect(analyser);
  analyser.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
  return { context, analyser };
})())`;

/**
 * Source of a function for a browser's page, `(video) => Promise<number>`: when, by `performance.now()`, the `<video>` next begins
 * to sound after a silence, which every seek makes.
 */
export const firstSoundInPage = `async (video) => {
  const { context, analyser } = (${earInPage})(video);
  await context.resume();
  // The last five milliseconds.
  const near = new AnalyserNode(context, { fftSize: 256 });
  analyser.connect(near);
  const samples = new Float32Array(near.fftSize);
  for (let wasSilent = false; ; ) {
    near.getFloatTimeDomainData(samples);
    const isSilent = samples.every((sample) => Math.abs(sample) < 0.001);
    if (wasSilent && !isSilent) break;
    wasSilent ||= isSilent;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  analyser.disconnect(near);
  return performance.now();
}`;

/**
 * Source of a function for a browser's page, `(video) => Promise<{ samples, currentTime }>`: the last 0.68 s that a playing
 * `<video>` let sound, at 48 kHz, and its time at their end, which is a third of the way into a second: so that the
 * beginning of that second is heard too. For `readSecondFromAudio` and `readEdgeFromAudio`.
 *
 * The page may be silent, but the `<video>` may not be muted: what is heard is tapped behind its volume.
 */
export const hearInPage = `async (video) => {
  const ear = (${earInPage})(video);
  await ear.context.resume();
  const samples = new Float32Array(ear.analyser.fftSize);
  for (const endMs = performance.now() + 5000; performance.now() < endMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (video.currentTime % 1 > 0.3 && video.currentTime % 1 < 0.4) break;
  }
  ear.analyser.getFloatTimeDomainData(samples);
  return { samples: Array.from(samples), currentTime: video.currentTime };
}`;
