import { open, rm, writeFile } from "node:fs/promises";
import { feedFfmpeg } from "./ffmpeg.ts";
import { FRAME_CODE_BITS, squareSidePixels } from "./film-code.ts";
import type { AudioRecipe, FilmRecipe, VideoRecipe } from "./recipes.ts";
import { paintScene, SCENE_HEIGHT, SCENE_PERIOD_SECONDS, SCENE_WIDTH } from "./scene.ts";
import { assOf, srtOf } from "./subtitles.ts";
import { SAMPLE_RATE_HZ, soundOfSecond } from "./tones.ts";

/** Number of threads is part of what x264 writes: fixed, so that the bytes do not depend on the machine. */
const THREADS = "2";

const MUXERS: Readonly<Record<FilmRecipe["extension"], string>> = {
  mp4: "mp4",
  mkv: "matroska",
  webm: "webm",
  avi: "avi",
  ts: "mpegts",
  flv: "flv",
  wmv: "asf",
};

/** Makes the film at `path`. The same recipe gives the same bytes, with the same build of ffmpeg. */
export async function makeFilm(recipe: FilmRecipe, path: string): Promise<void> {
  const subtitles = await writeSubtitles(recipe, path);
  const output = recipe.isPiped === true ? await open(path, "w") : undefined;
  const ffmpegArguments = [
    ...inputArguments(recipe, subtitles),
    "-filter_complex",
    `[0:v]${pictureFilter(recipe)}[picture]`,
    ...mapArguments(recipe),
    ...videoArguments(recipe),
    ...audioArguments(recipe),
    ...muxerArguments(recipe),
    output === undefined ? path : "pipe:1",
  ];
  const inputs = [pictures(recipe), ...recipe.languages.map((_, track) => sounds(recipe, track))];
  try {
    await feedFfmpeg(ffmpegArguments, { inputs, stdout: output?.fd });
  } finally {
    await output?.close();
    for (const subtitle of subtitles) await rm(subtitle, { force: true });
  }
}

/** Makes a film of the packets of another one. */
export async function remuxFilm(source: string, muxer: readonly string[], path: string): Promise<void> {
  const copy = ["-i", source, "-map", "0:v", "-map", "0:a", "-c", "copy", "-fflags", "+bitexact"];
  await feedFfmpeg([...copy, ...muxer, "-f", "mp4", path], { inputs: [] });
}

async function writeSubtitles(recipe: FilmRecipe, path: string): Promise<string[]> {
  const texts = {
    srt: () => srtOf(recipe.durationSeconds),
    ass: () => assOf(recipe.durationSeconds, recipe.widthPixels, recipe.heightPixels),
  };
  return Promise.all(
    recipe.subtitles.map(async (format) => {
      const subtitlePath = `${path}.${format}`;
      await writeFile(subtitlePath, texts[format]());
      return subtitlePath;
    }),
  );
}

/** Pictures come on descriptor 3, the sound of track 0 on 4, and so on. */
function inputArguments(recipe: FilmRecipe, subtitles: readonly string[]): string[] {
  const pictureFormat = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${SCENE_WIDTH}x${SCENE_HEIGHT}`];
  const soundFormat = ["-f", "s16le", "-ar", String(SAMPLE_RATE_HZ), "-ac", "1", "-thread_queue_size", "64"];
  const picture = [...pictureFormat, "-framerate", String(recipe.framesPerSecond), "-i", "pipe:3"];
  const sound = recipe.languages.flatMap((_, track) => [...soundFormat, "-i", `pipe:${4 + track}`]);
  return [...picture, ...sound, ...subtitles.flatMap((path) => ["-i", path])];
}

function mapArguments(recipe: FilmRecipe): string[] {
  const tracks = ["-map", "[picture]"];
  for (const [track, language] of recipe.languages.entries()) {
    const disposition = track === 0 ? "default" : "0";
    tracks.push("-map", String(1 + track), `-metadata:s:a:${track}`, `language=${language}`);
    tracks.push(`-disposition:a:${track}`, disposition);
  }
  for (const [track, format] of recipe.subtitles.entries()) {
    const title = `title=${format.toUpperCase()}`;
    tracks.push("-map", String(1 + recipe.languages.length + track));
    tracks.push(`-metadata:s:s:${track}`, "language=eng", `-metadata:s:s:${track}`, title);
  }
  return tracks;
}

/** The scene, enlarged, with the frame's number in squares at the top and in digits below. */
function pictureFilter(recipe: FilmRecipe): string {
  const { widthPixels, heightPixels, hasGrain, label } = recipe;
  const side = squareSidePixels(widthPixels);
  const box = (bit: number, row: number, condition: string): string =>
    `drawbox=x=${bit * side}:y=${row * side}:w=${side}:h=${side}:c=white:t=fill:enable='${condition}'`;
  // `n` is known to the `enable` expression of every filter: nothing is evaluated for each pixel.
  const squares = Array.from({ length: FRAME_CODE_BITS }, (_, bit) => {
    const isSet = `mod(floor(n/${2 ** bit}),2)`;
    return [box(bit, 0, isSet), box(bit, 1, `1-${isSet}`)];
  }).flat();
  const sky = heightPixels - 2 * side;
  return [
    `scale=${widthPixels}:${heightPixels}:flags=bicubic:out_color_matrix=bt709:out_range=tv`,
    "format=yuv420p",
    ...(hasGrain === true ? ["noise=c0_seed=1:c0_strength=24"] : []),
    ...repeatFilters(recipe),
    `drawbox=x=0:y=0:w=iw:h=${2 * side}:c=black:t=fill`,
    ...squares,
    textFilter("%{pts\\:hms}  %{n}", Math.round(heightPixels / 14), 2 * side + Math.round(sky * 0.12)),
    ...(label === undefined
      ? []
      : [textFilter(label, Math.round(heightPixels / 20), 2 * side + Math.round(sky * 0.27))]),
  ].join(",");
}

/** The sea comes again and again: to enlarge it once takes a third off the time that a long film takes to make. */
function repeatFilters(recipe: FilmRecipe): string[] {
  const [frames, ofSea] = [framesOf(recipe), seaFramesOf(recipe)];
  if (frames === ofSea) return [];
  return [`loop=loop=-1:size=${ofSea}`, `trim=end_frame=${frames}`, `setpts=N/(${recipe.framesPerSecond}*TB)`];
}

function textFilter(text: string, fontSizePixels: number, y: number): string {
  const place = `x=(w-text_w)/2:y=${y}:borderw=2:bordercolor=0x00000080`;
  return `drawtext=text='${text}':fontcolor=white:fontsize=${fontSizePixels}:${place}`;
}

const RATE_8M = ["-b:v", "8M", "-minrate", "8M", "-maxrate", "8M", "-bufsize", "8M", "-x264-params", "nal-hrd=cbr"];

const VIDEO_ENCODERS: Readonly<Record<VideoRecipe, readonly string[]>> = {
  h264: ["libx264", "-preset", "ultrafast", "-profile:v", "main", "-crf", "23", "-g", "48", "-sc_threshold", "0"],
  "h264-bframes": ["libx264", "-preset", "veryfast", "-crf", "23", "-g", "96", "-bf", "3", "-b_strategy", "0"],
  // A strict constant rate makes x264 pad what the picture does not need: real byte rates at the price of an easy film.
  "h264-cbr-8m": [
    "libx264",
    "-preset",
    "ultrafast",
    "-profile:v",
    "main",
    "-g",
    "96",
    "-sc_threshold",
    "0",
    ...RATE_8M,
  ],
  hevc: ["libx265", "-preset", "ultrafast", "-crf", "24", "-x265-params", "log-level=error:keyint=48:min-keyint=48"],
  vp9: ["libvpx-vp9", "-deadline", "realtime", "-cpu-used", "7", "-crf", "32", "-b:v", "0", "-g", "48"],
  mpeg4: ["mpeg4", "-vtag", "XVID", "-q:v", "4", "-g", "48"],
  wmv2: ["wmv2", "-q:v", "4", "-g", "48"],
};

function videoArguments(recipe: FilmRecipe): string[] {
  const colours = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"];
  return ["-c:v", ...VIDEO_ENCODERS[recipe.video], ...colours, "-threads", THREADS];
}

interface AudioEncoder {
  readonly arguments: readonly string[];
  /** Filter of the channels. */
  readonly channels: string;
  /** Filter that makes up for the encoder's delay. */
  readonly delay: string;
}

const STEREO = "pan=stereo|c0=c0|c1=c0";
/** Every channel sounds the same but the one for low frequencies, which is silent. */
const SURROUND = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=0*c0|BL=c0|BR=c0";

/**
 * Encoders put samples of their own before the first one and give them negative times; muxers that cannot keep those
 * move all other tracks later instead. Dropping as many samples, while times stay, keeps frame n at n / fps and every
 * tone in its second. Opus has CodecDelay (RFC 9559 section 5.1.4.1.25) for it, which block times must include:
 * ffmpeg 5.1 leaves that out.
 */
const AUDIO_ENCODERS: Readonly<Record<AudioRecipe, AudioEncoder>> = {
  aac: { arguments: ["aac", "-b:a", "128k"], channels: STEREO, delay: "atrim=start_sample=1024" },
  ac3: { arguments: ["ac3", "-b:a", "384k"], channels: SURROUND, delay: "atrim=start_sample=256" },
  mp3: { arguments: ["libmp3lame", "-b:a", "128k"], channels: STEREO, delay: "atrim=start_sample=1105" },
  wma: { arguments: ["wmav2", "-b:a", "128k"], channels: STEREO, delay: "atrim=start_sample=2048" },
  opus: { arguments: ["libopus", "-b:a", "96k"], channels: STEREO, delay: "asetpts=PTS+312" },
};

function audioArguments(recipe: FilmRecipe): string[] {
  const encoder = AUDIO_ENCODERS[recipe.audio];
  const filters = recipe.keepsPriming === true ? encoder.channels : `${encoder.channels},${encoder.delay}`;
  return ["-af", filters, "-c:a", ...encoder.arguments];
}

function muxerArguments(recipe: FilmRecipe): string[] {
  const exact = ["-c:s", "copy", "-fflags", "+bitexact", "-flags", "+bitexact"];
  const format = [...(recipe.muxerArguments ?? []), "-f", MUXERS[recipe.extension]];
  const isMatroska = recipe.extension === "mkv" || recipe.extension === "webm";
  if (!isMatroska || recipe.keepsPriming === true) return [...exact, ...format];
  // Matroska stores when blocks are shown: that B-frames are decoded earlier than at 0 is no reason to shift them.
  return [...exact, "-avoid_negative_ts", "disabled", ...format];
}

/** Those of one period of the sea: ffmpeg repeats them. */
function* pictures(recipe: FilmRecipe): Generator<Uint8Array> {
  const periodFrames = SCENE_PERIOD_SECONDS * recipe.framesPerSecond;
  for (let frame = 0; frame < seaFramesOf(recipe); frame += 1) yield paintScene(frame / periodFrames);
}

function framesOf({ durationSeconds, framesPerSecond }: FilmRecipe): number {
  return durationSeconds * framesPerSecond;
}

function seaFramesOf(recipe: FilmRecipe): number {
  return Math.min(framesOf(recipe), SCENE_PERIOD_SECONDS * recipe.framesPerSecond);
}

function* sounds(recipe: FilmRecipe, track: number): Generator<Uint8Array> {
  for (let second = 0; second < recipe.durationSeconds; second += 1) {
    yield soundOfSecond(second, track, recipe.label !== undefined);
  }
}
