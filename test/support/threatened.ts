import type { MadeTorrent } from "./made-torrent.ts";
import { type RunningRiptide, startQuietRiptide } from "./riptide.ts";
import { type ScriptedSeed, startScriptedSeed } from "./scripted-seed.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The running program under attack. */
export interface Threatened extends AsyncDisposable {
  readonly riptide: RunningRiptide;
  readonly port: number;
  /** A folder that holds its data in `data`, and nothing else of it. */
  readonly folder: string;
}

export interface ThreatenedOptions {
  readonly words?: readonly string[];
  /** Shared by a seed that the program knows, and added. */
  readonly torrents?: readonly MadeTorrent[];
}

/** Starts the program with these torrents, each at an honest seed of its own. */
export async function startThreatened({ words = [], torrents = [] }: ThreatenedOptions = {}): Promise<Threatened> {
  const folder = await temporaryFolder("threats");
  const seeds: ScriptedSeed[] = [];
  for (const torrent of torrents) seeds.push(await startScriptedSeed({ torrent }));
  const peers = seeds.map(({ peer }) => `--peer=${peer.host}:${peer.port}`);
  const riptide = await startQuietRiptide(`${folder.path}/data`, ...peers, ...words);
  for (const torrent of torrents) await riptide.add(torrent.torrentFile);
  return {
    riptide,
    port: Number(new URL(riptide.url).port),
    folder: folder.path,
    [Symbol.asyncDispose]: async () => {
      await riptide[Symbol.asyncDispose]();
      for (const seed of seeds) await seed[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
