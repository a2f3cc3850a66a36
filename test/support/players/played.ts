import { decodeFrames } from "../../films/read-frames.ts";
import { decodeSeconds } from "../../films/read-sound.ts";

/** What a player showed and sounded, in the order in which it did. */
export interface Played {
  /** Numbers of the frames; what was no clean picture is left out. */
  readonly frames: readonly number[];
  /** Seconds of the film, and when each began to sound, in seconds from the first sound. */
  readonly seconds: readonly { readonly second: number; readonly startSeconds: number }[];
}

/** `pictures`: a pattern like `/folder/%05d.png`, from 1 on. */
export async function readPlayed(pictures: string, sound: string): Promise<Played> {
  const frames = (await decodeFrames(pictures)).flatMap(({ number }) => number ?? []);
  return { frames, seconds: await decodeSeconds(sound) };
}
