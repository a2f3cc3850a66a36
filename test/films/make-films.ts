/**
 * Makes test films ahead of time, or the films of the demo again.
 *
 *     npx tsx test/films/make-films.ts               all short ones
 *     npx tsx test/films/make-films.ts long mpegts   these
 *     npx tsx test/films/make-films.ts --demo        those that are committed under packages/cli/demo/films
 */
import { copyFile, mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { films } from "./films.ts";
import { type FilmName, recipes } from "./recipes.ts";

const DEMO_DIRECTORY = new URL("../../packages/cli/demo/films/", import.meta.url);

const DEMO_FILES = {
  "demo-mp4": "Riptide demo (MP4).mp4",
  "demo-mkv": "Riptide demo (MKV).mkv",
  "demo-webm": "Riptide demo (WebM).webm",
} as const satisfies Partial<Record<FilmName, string>>;

const names = Object.keys(recipes) as FilmName[];
const wanted = process.argv.slice(2);

if (wanted.includes("--demo")) {
  await mkdir(DEMO_DIRECTORY, { recursive: true });
  for (const [name, file] of Object.entries(DEMO_FILES)) {
    await copyFile(await make(name as FilmName), new URL(encodeURIComponent(file), DEMO_DIRECTORY));
  }
  console.log(`Copied to ${fileURLToPath(DEMO_DIRECTORY)}`);
} else {
  const unknown = wanted.filter((name) => !Object.hasOwn(recipes, name));
  if (unknown.length > 0) throw new Error(`There is no film ${unknown.join(", ")}. There are: ${names.join(", ")}`);
  const short = names.filter((name) => !/^(long|demo)/.test(name));
  for (const name of wanted.length > 0 ? (wanted as FilmName[]) : short) await make(name);
}

async function make(name: FilmName): Promise<string> {
  const startMs = performance.now();
  const path = await films.ensure(name);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${name}: ${((await stat(path)).size / 1e6).toFixed(2)} MB in ${seconds} s: ${path}`);
  return path;
}
