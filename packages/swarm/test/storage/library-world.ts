import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type Library, openLibrary } from "../../src/storage/index.ts";
import { StorageBench } from "./sample-torrent.ts";

/** For each test of a file: a place for a data folder, and the library that was opened there last, which is closed at the end. */
export function libraryWorld() {
  let bench: StorageBench;
  const world = {
    /** Where the data folder lies. */
    folder: "",
    /** The data folder, which nobody has made yet. */
    data: "",
    library: undefined as Library | undefined,
    open: async (): Promise<Library> => {
      world.library = await openLibrary(world.data);
      return world.library;
    },
    reopen: async (): Promise<Library> => {
      await world.library?.close();
      return await world.open();
    },
  };
  beforeEach(async () => {
    bench = await StorageBench.create();
    world.library = undefined;
    world.folder = bench.data;
    world.data = join(bench.data, "data");
  });
  afterEach(async () => {
    await world.library?.close();
    await bench.dispose();
  });
  return world;
}
