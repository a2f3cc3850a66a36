/** What a film is made of. Everything that decides its bytes is in its recipe or in the generator's code. */
export interface FilmRecipe {
  readonly extension: "mp4" | "mkv" | "webm" | "avi" | "ts" | "flv" | "wmv";
  readonly durationSeconds: number;
  readonly framesPerSecond: number;
  /** Divisible by 40, see `squareSidePixels`. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly video: VideoRecipe;
  readonly audio: AudioRecipe;
  /** Languages of the audio tracks: as many tracks as there are. */
  readonly languages: readonly string[];
  readonly subtitles: readonly ("srt" | "ass")[];
  /** A line for people to read; they also get quiet tones under a soft chord instead of tones alone. */
  readonly label?: string;
  /** Still grain all over the picture, which makes key frames as large as those of a real film. */
  readonly hasGrain?: boolean;
  /** Keeps the encoder's delay at the start, as careless muxing does: the picture then begins later than at 0. */
  readonly keepsPriming?: boolean;
  /** Writes through a pipe: the muxer can then not go back to write an index or a duration. */
  readonly isPiped?: boolean;
  readonly muxerArguments?: readonly string[];
}

/** The same packets as another film in another container. */
export interface RemuxRecipe {
  readonly extension: "mp4";
  readonly remuxOf: FilmName;
  readonly muxerArguments: readonly string[];
}

/** The picture of another film, packet by packet, with the same sound in another format. */
export interface DubRecipe {
  readonly extension: "mkv";
  readonly pictureOf: FilmName;
  readonly audio: "ac3";
}

export type VideoRecipe = "h264" | "h264-bframes" | "h264-cbr-8m" | "hevc" | "vp9" | "mpeg4" | "wmv2";
export type AudioRecipe = "aac" | "ac3" | "opus" | "mp3" | "wma";

const SHORT = {
  durationSeconds: 20,
  framesPerSecond: 24,
  widthPixels: 640,
  heightPixels: 360,
  video: "h264",
  audio: "aac",
  languages: ["eng"],
  subtitles: [],
} as const;

const DEMO = { ...SHORT, durationSeconds: 48, video: "h264-bframes" } as const;

const FASTSTART = ["-movflags", "+faststart"];

export const recipes = {
  "mp4-moov-first": { ...SHORT, extension: "mp4", muxerArguments: FASTSTART },
  "mp4-moov-last": { ...SHORT, extension: "mp4" },
  "webm-vp9-opus": { ...SHORT, extension: "webm", video: "vp9", audio: "opus" },
  "mkv-h264-aac-srt": { ...SHORT, extension: "mkv", languages: ["eng", "fre"], subtitles: ["srt"] },
  "mkv-h264-bframes-ac3-ass": { ...SHORT, extension: "mkv", video: "h264-bframes", audio: "ac3", subtitles: ["ass"] },
  "mkv-no-cues": { ...SHORT, extension: "mkv", isPiped: true },
  "mkv-hevc": { ...SHORT, extension: "mkv", video: "hevc" },
  "mkv-aac-priming": { ...SHORT, extension: "mkv", keepsPriming: true },
  "avi-mpeg4-mp3": { ...SHORT, extension: "avi", video: "mpeg4", audio: "mp3" },
  "avi-h264-mp3": { ...SHORT, extension: "avi", audio: "mp3" },
  mpegts: { ...SHORT, extension: "ts" },
  flv: { ...SHORT, extension: "flv" },
  wmv: { ...SHORT, extension: "wmv", video: "wmv2", audio: "wma" },
  long: {
    ...SHORT,
    extension: "mkv",
    durationSeconds: 600,
    video: "h264-cbr-8m",
    hasGrain: true,
  },
  "long-mp4-moov-first": { extension: "mp4", remuxOf: "long", muxerArguments: FASTSTART },
  "long-mp4-moov-last": { extension: "mp4", remuxOf: "long", muxerArguments: [] },
  "long-avi": { ...SHORT, extension: "avi", durationSeconds: 240, video: "mpeg4", audio: "mp3" },
  "long-ac3": { extension: "mkv", pictureOf: "long", audio: "ac3" },
  "demo-mp4": { ...DEMO, extension: "mp4", muxerArguments: FASTSTART, label: "Riptide · MP4 with H.264 and AAC" },
  "demo-mkv": {
    ...DEMO,
    extension: "mkv",
    subtitles: ["srt"],
    label: "Riptide · Matroska with H.264, AAC and subtitles",
  },
  "demo-webm": { ...DEMO, extension: "webm", video: "vp9", audio: "opus", label: "Riptide · WebM with VP9 and Opus" },
} as const satisfies Record<
  string,
  | FilmRecipe
  | (Omit<RemuxRecipe, "remuxOf"> & { remuxOf: string })
  | (Omit<DubRecipe, "pictureOf"> & { pictureOf: string })
>;

export type FilmName = keyof typeof recipes;

/** The recipe behind a film, of its own packets or not: its length, its rate, its tracks. */
export function recipeOf(name: FilmName): FilmRecipe {
  const recipe: FilmRecipe | RemuxRecipe | DubRecipe = recipes[name];
  if ("pictureOf" in recipe) return { ...recipeOf(recipe.pictureOf), audio: recipe.audio };
  return "remuxOf" in recipe ? recipeOf(recipe.remuxOf) : recipe;
}
