/**
 * Source of a function for a browser's page, `(video) => Promise<{ samples, currentTime }>`: the last 200 ms that a playing
 * `<video>` let sound, at 48 kHz, for `readSecondFromAudio`, and its time at their end. The page may be silent, the `<video>`
 * may not be muted: what is heard is tapped behind its volume.
 */
export const hearInPage = `async (video) => {
  // An element can be tapped once in its life.
  const ear = (video.ear ??= (() => {
    const context = new AudioContext({ sampleRate: 48000 });
    const analyser = new AnalyserNode(context, { fftSize: 16384 });
    context.createMediaElementSource(video).connect(analyser);
    analyser.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
    return { context, analyser };
  })());
  await ear.context.resume();
  const samples = new Float32Array(ear.analyser.fftSize);
  ear.analyser.getFloatTimeDomainData(samples);
  return { samples: Array.from(samples.slice(-9600)), currentTime: video.currentTime };
}`;
