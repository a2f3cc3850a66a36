import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ReadBody, readBody, type StartOptions, startBundledRiptide } from "../support/bundled-riptide.ts";
import { filesOf, type RunningRiptide } from "../support/riptide.ts";
import { type ScriptedSeed, type ScriptedSeedOptions, startScriptedSeed } from "../support/scripted-seed.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;

export type Misdeeds = Omit<ScriptedSeedOptions, "torrent">;
export type Film = TestTorrent & { readonly sha256: string };

export interface Stage extends AsyncDisposable {
  readonly film: Film;
  readonly seeds: readonly ScriptedSeed[];
  readonly riptide: RunningRiptide;
  /** The original bytes of the film. */
  readonly url: string;
  /** Waits until nobody wants anything, and nobody owes us anything. */
  nothingLeft(): Promise<void>;
}

/** A film of 4 MiB in pieces of 128 KiB, unless a test wants another one. */
export async function createFilm(options: Partial<Parameters<typeof createTestTorrent>[0]> = {}): Promise<Film> {
  const film = await createTestTorrent({ lengthBytes: 4096 * KIB + 777, pieceLengthBytes: 128 * KIB, ...options });
  return Object.assign(film, { sha256: sha256(film.bytes) });
}

export interface StageOptions extends Pick<StartOptions, "through" | "words"> {
  /** The film by another torrent file, or by a magnet. */
  readonly source?: string | Uint8Array;
}

/**
 * The real program, and seeds on loopback addresses of their own (127.0.0.2, 127.0.0.3, …) that it is told of and has met. It gets
 * the film on its command line, so that what the torrent names may be on this machine.
 */
export async function setStage(film: Film, misdeeds: readonly Misdeeds[], options: StageOptions = {}): Promise<Stage> {
  const { source = film.torrentFile, words = [], through = [] } = options;
  const seeds = await startSeeds(film, ...misdeeds);
  const folder = await temporaryFolder("faults");
  const path = join(folder.path, "film.torrent");
  if (typeof source !== "string") await writeFile(path, source);
  const sources = [...words, typeof source === "string" ? source : path];
  const riptide = await startBundledRiptide(join(folder.path, "data"), { seeds, words: sources, through });
  await filesOf(riptide, film.infoHash);
  await waitUntil("all seeds are met", () => seeds.every(({ counters }) => counters.connections > 0));
  return {
    film,
    seeds,
    riptide,
    url: `${riptide.url}/stream/${film.infoHash}/0/direct`,
    nothingLeft: async () => {
      await waitUntil("no demand is left", async () => (await riptide.torrent(film.infoHash)).activeDemands === 0);
      await waitUntil("no request is left", () => seeds.every(({ counters }) => counters.openRequests === 0));
    },
    [Symbol.asyncDispose]: async () => {
      for (const opened of [riptide, ...seeds, folder, film]) await opened[Symbol.asyncDispose]();
    },
  };
}

/** Plays a film from these seeds, from its start to its end. */
export async function playFrom(...misdeeds: readonly Misdeeds[]): Promise<Stage & { readonly read: ReadBody }> {
  const stage = await setStage(await createFilm(), misdeeds);
  return { ...stage, read: await readBody(stage.url) };
}

export async function startSeeds(film: TestTorrent, ...misdeeds: readonly Misdeeds[]): Promise<ScriptedSeed[]> {
  return await Promise.all(
    misdeeds.map((misdeed, index) => startScriptedSeed({ torrent: film, host: `127.0.0.${index + 2}`, ...misdeed })),
  );
}
