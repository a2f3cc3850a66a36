import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { lstatIfThere } from "./file-io.ts";
import { systemCode, unsafePath } from "./storage-error.ts";

/**
 * The folders below one that we own. Each is looked at once before anything is opened in it: a link in place of a folder,
 * planted before or made by somebody else, would lead writes out of it.
 */
export class SafeFolders {
  readonly #root: string;
  readonly #checked = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The folder with these components below the root, created if need be. Rejects if one of them is no folder. */
  async ensure(components: readonly string[]): Promise<string> {
    for (const path of this.#pathsTo(components)) {
      if (this.#checked.has(path)) continue;
      if (await makeFolder(path)) this.#checked.add(path);
      else await this.#check(path);
    }
    return join(this.#root, ...components);
  }

  /** Whether the folder is there. Rejects if one of its components is something else than a folder. */
  async exists(components: readonly string[]): Promise<boolean> {
    for (const path of this.#pathsTo(components)) {
      if (!this.#checked.has(path) && !(await this.#check(path))) return false;
    }
    return true;
  }

  /** The names in the folder; none if it is not there. Rejects as `exists` does. */
  async list(components: readonly string[]): Promise<ReadonlySet<string>> {
    if (!(await this.exists(components))) return new Set();
    return new Set(await readdir(join(this.#root, ...components)));
  }

  *#pathsTo(components: readonly string[]): Iterable<string> {
    let path = this.#root;
    yield path;
    for (const component of components) {
      path = join(path, component);
      yield path;
    }
  }

  async #check(path: string): Promise<boolean> {
    const stats = await lstatIfThere(path);
    if (stats === undefined) return false;
    if (!stats.isDirectory()) throw unsafePath();
    this.#checked.add(path);
    return true;
  }
}

/** False if something lies there already. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    return false;
  }
}
