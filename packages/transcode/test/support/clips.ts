import { join } from "node:path";
import type { AudioTrack } from "@riptide/media";
import { feedFfmpeg } from "../../../../test/films/ffmpeg.ts";
import { films } from "../../../../test/films/films.ts";
import { SAMPLE_RATE_HZ, soundOfSecond } from "../../../../test/films/tones.ts";
import { temporaryFolder } from "../../../../test/support/temporary-folder.ts";

/** Two segments of four seconds. */
const CLIP_SECONDS = 8;

const SURROUND = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=0*c0|BL=c0|BR=c0";
const STEREO = "pan=stereo|c0=c0|c1=c0";
/** The same noise every time, 15 dB below the tones: what AAC has to work for. */
const NOISE = "aeval=val(0)+0.13*(random(0)-0.5)";

/** Codec, filter of the channels, encoder. All sound as the test films do: every second has its tones. */
export const CLIPS = {
  "ac3 5.1": ["ac3", SURROUND, "-c:a ac3 -b:a 448k"],
  "ac3 2.0": ["ac3", STEREO, "-c:a ac3 -b:a 192k"],
  "ac3 late by 213 ms": ["ac3", SURROUND, "-c:a ac3 -b:a 448k -output_ts_offset 0.213"],
  "ac3 with noise": ["ac3", `${NOISE},${SURROUND}`, "-c:a ac3 -b:a 640k"],
  "eac3 5.1": ["eac3", SURROUND, "-c:a eac3 -b:a 384k"],
  "dts 5.1": ["dts", SURROUND, "-c:a dca -strict -2 -b:a 1411k"],
  "mp2 48 kHz": ["mp2", STEREO, "-c:a mp2 -b:a 256k"],
  "mp2 44.1 kHz": ["mp2", STEREO, "-c:a mp2 -b:a 256k -ar 44100"],
  "mp3 48 kHz": ["mp3", STEREO, "-c:a libmp3lame -b:a 192k"],
  "mp3 22.05 kHz": ["mp3", STEREO, "-c:a libmp3lame -b:a 128k -ar 22050"],
  "flac 24 bits 5.1": ["flac", SURROUND, "-c:a flac -sample_fmt s32"],
  "flac 96 kHz": ["flac", STEREO, "-c:a flac -ar 96000"],
  "vorbis 2.0": ["vorbis", STEREO, "-c:a libvorbis -q:a 6"],
  "vorbis 5.1": ["vorbis", SURROUND, "-c:a libvorbis -q:a 6"],
  "pcm 16 bits": ["pcm", STEREO, "-c:a pcm_s16le"],
  "pcm 24 bits 5.1": ["pcm", SURROUND, "-c:a pcm_s24le"],
  "pcm 16 bits, other order, 44.1 kHz": ["pcm", `${STEREO},aresample=44100,asetnsamples=1024`, "-c:a pcm_s16be"],
  "pcm float": ["pcm", STEREO, "-c:a pcm_f32le"],
  "alac 16 bits": ["alac", STEREO, "-c:a alac"],
  "alac 24 bits 5.1, 44.1 kHz": ["alac", SURROUND, "-c:a alac -sample_fmt s32p -ar 44100"],
} as const;

export type ClipName = keyof typeof CLIPS;

export interface Clip extends AsyncDisposable {
  readonly path: string;
  readonly codec: AudioTrack["codec"];
}

/** A Matroska file with nothing but sound, which is gone when it is disposed. */
export async function makeClip(name: ClipName): Promise<Clip> {
  const folder = await temporaryFolder("clip");
  const path = join(folder.path, "clip.mkv");
  const [codec, channels, encoder] = CLIPS[name];
  const input = ["-f", "s16le", "-ar", String(SAMPLE_RATE_HZ), "-ac", "1", "-i", "pipe:3"];
  const output = ["-af", channels, ...encoder.split(" "), "-fflags", "+bitexact", "-f", "matroska", path];
  await feedFfmpeg([...input, ...output], { inputs: [sounds()] });
  return { path, codec, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** The test film with AC-3 in 5.1. */
export async function filmWithAc3(): Promise<Clip> {
  const path = await films.ensure("mkv-h264-bframes-ac3-ass");
  return { path, codec: "ac3", [Symbol.asyncDispose]: async () => {} };
}

function* sounds(): Generator<Uint8Array> {
  for (let second = 0; second < CLIP_SECONDS; second += 1) yield soundOfSecond(second, 0, false);
}
