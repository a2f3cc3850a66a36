import { feedFfmpeg } from "./ffmpeg.ts";
import { SAMPLE_RATE_HZ, soundOfSecond } from "./tones.ts";

/** As in the films that are encoded whole: surround without the low frequencies, and the encoder's delay cut away. */
const SOUND_FILTER = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=0*c0|BL=c0|BR=c0,atrim=start_sample=256";

/** Makes a film of the picture of another one, copied, and of the same seconds of sound in AC-3. */
export async function dubFilm(source: string, durationSeconds: number, path: string): Promise<void> {
  const sound = ["-f", "s16le", "-ar", String(SAMPLE_RATE_HZ), "-ac", "1", "-thread_queue_size", "64", "-i", "pipe:3"];
  const tracks = ["-map", "0:v", "-c:v", "copy", "-map", "1", "-metadata:s:a:0", "language=eng"];
  const encoder = ["-af", SOUND_FILTER, "-c:a", "ac3", "-b:a", "384k"];
  const muxer = ["-fflags", "+bitexact", "-flags", "+bitexact", "-avoid_negative_ts", "disabled", "-f", "matroska"];
  const inputs = [soundsOf(durationSeconds)];
  await feedFfmpeg(["-i", source, ...sound, ...tracks, ...encoder, ...muxer, path], { inputs });
}

function* soundsOf(durationSeconds: number): Generator<Uint8Array> {
  for (let second = 0; second < durationSeconds; second += 1) yield soundOfSecond(second, 0, false);
}
