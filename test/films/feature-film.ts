import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { films } from "./films.ts";
import { pgsOf } from "./pgs.ts";
import { recipeOf } from "./recipes.ts";
import { assOf } from "./subtitles.ts";

export const FEATURE = {
  chapters: [
    { startSeconds: 0, title: "The harbour" },
    { startSeconds: 8, title: "The storm <b>" },
    { startSeconds: 14, title: "The shore" },
  ],
  /** Of all test films of 20 seconds. */
  ...recipeOf("mkv-h264-aac-srt"),
} as const;

/** Any font will do. */
const FONT = createRequire(import.meta.url).resolve("jassub/dist/default.woff2");

/** The Matroska film with two sounds and SRT, and in it what a player may find in a film: ASS, PGS, chapters, a font. */
export async function makeFeatureFilm(): Promise<Uint8Array> {
  await using folder = await temporaryFolder("feature");
  const { durationSeconds, widthPixels, heightPixels, chapters } = FEATURE;
  const inside = (name: string): string => join(folder.path, name);
  await writeFile(inside("film.ass"), assOf(durationSeconds, widthPixels, heightPixels));
  await writeFile(inside("film.sup"), pgsOf(durationSeconds, widthPixels, heightPixels));
  const ends = [...chapters.slice(1).map(({ startSeconds }) => startSeconds), durationSeconds];
  const list = chapters.map(
    ({ startSeconds, title }, index) =>
      `[CHAPTER]\nTIMEBASE=1/1\nSTART=${startSeconds}\nEND=${ends[index]}\ntitle=${title}\n`,
  );
  await writeFile(inside("chapters.txt"), `;FFMETADATA1\n${list.join("")}`);
  const inputs = [await films.ensure("mkv-h264-aac-srt"), ...["film.ass", "film.sup", "chapters.txt"].map(inside)];
  const output = inside("feature.mkv");
  await promisify(execFile)("ffmpeg", [
    ..."-v error".split(" "),
    ...inputs.flatMap((path) => ["-i", path]),
    ..."-map 0 -map 1 -map 2 -map_chapters 3 -c copy".split(" "),
    "-attach",
    FONT,
    ..."-metadata:s:t mimetype=font/woff2 -metadata:s:t filename=font.woff2".split(" "),
    output,
  ]);
  return readFile(output);
}
