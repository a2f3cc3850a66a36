import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dubFilm } from "./dub-film.ts";
import { withFileLock } from "./file-lock.ts";
import { makeFilm, remuxFilm } from "./make-film.ts";
import { type DubRecipe, type FilmName, type FilmRecipe, type RemuxRecipe, recipeOf, recipes } from "./recipes.ts";

const CACHE_DIRECTORY = fileURLToPath(new URL("../../.cache/films", import.meta.url));

/** The code that decides what a film looks and sounds like; `recipes.ts` is left out, for a recipe is hashed by itself. */
const GENERATOR_FILES = ["film-code.ts", "make-film.ts", "scene.ts", "subtitles.ts", "tones.ts"];
/** More of it for films with the picture of another one. */
const DUBBING_FILE = "dub-film.ts";

type Recipe = FilmRecipe | RemuxRecipe | DubRecipe;

const inProgress = new Map<FilmName, Promise<string>>();

/**
 * Test films, made when they are first asked for and kept in `.cache/films` until their recipe or the generator changes.
 * Callers in this and in other processes share one making.
 */
export const films = {
  /** Resolves with the path of the film. `long` takes minutes the first time, the short ones a second or two. */
  ensure(name: FilmName): Promise<string> {
    const path = inProgress.get(name) ?? ensureFile(name).catch(forget(name));
    inProgress.set(name, path);
    return path;
  },
};

/** A failed making may be tried again. */
function forget(name: FilmName): (error: unknown) => never {
  return (error) => {
    inProgress.delete(name);
    throw error;
  };
}

async function ensureFile(name: FilmName): Promise<string> {
  const recipe: Recipe = recipes[name];
  const path = join(CACHE_DIRECTORY, `${name}-${await versionOf(recipe)}.${recipe.extension}`);
  if (await exists(path)) return path;
  await mkdir(CACHE_DIRECTORY, { recursive: true });
  await withFileLock(`${path}.lock`, async () => {
    if (await exists(path)) return;
    const unfinished = `${path}.${process.pid}.part`;
    await make(name, recipe, unfinished);
    await rename(unfinished, path);
    await removeOlderVersions(name, path);
  });
  return path;
}

async function make(name: FilmName, recipe: Recipe, path: string): Promise<void> {
  if ("remuxOf" in recipe) return await remuxFilm(await films.ensure(recipe.remuxOf), recipe.muxerArguments, path);
  if (!("pictureOf" in recipe)) return await makeFilm(recipe, path);
  await dubFilm(await films.ensure(recipe.pictureOf), recipeOf(name).durationSeconds, path);
}

async function versionOf(recipe: Recipe): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(recipe));
  if ("remuxOf" in recipe) hash.update(await versionOf(recipes[recipe.remuxOf]));
  if ("pictureOf" in recipe) hash.update(await versionOf(recipes[recipe.pictureOf]));
  const files = "pictureOf" in recipe ? [...GENERATOR_FILES, DUBBING_FILE] : GENERATOR_FILES;
  for (const file of files) hash.update(await readFile(new URL(file, import.meta.url)));
  return hash.digest("hex").slice(0, 12);
}

async function removeOlderVersions(name: FilmName, path: string): Promise<void> {
  const version = new RegExp(`^${name}-[0-9a-f]{12}\\.`);
  for (const file of await readdir(CACHE_DIRECTORY)) {
    const other = join(CACHE_DIRECTORY, file);
    if (version.test(file) && !other.startsWith(path)) await rm(other);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
