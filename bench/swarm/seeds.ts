import { fileURLToPath } from "node:url";
import type { PeerAddress } from "@riptide/swarm";
import { startProcess } from "../../test/support/processes.ts";
import type { BenchTorrent } from "./content.ts";
import type { SeedSpec } from "./scenarios.ts";

const PROGRAM = fileURLToPath(new URL("./seeds-process.ts", import.meta.url));

export interface Seeds extends AsyncDisposable {
  readonly peers: readonly PeerAddress[];
  /** Payload that went out between two moments, in ms since 1970. */
  sentBytes(fromMs: number, toMs: number): Promise<number>;
}

/** Scripted seeds in a process of their own. Those without a host each get one: bans go by it. */
export async function startSeeds(torrent: BenchTorrent, specs: readonly SeedSpec[]): Promise<Seeds> {
  const seeds = specs.map((spec, index) => ({ host: `127.0.0.${index + 2}`, ...spec }));
  const process_ = startProcess(process.execPath, [
    "--import",
    "tsx",
    PROGRAM,
    torrent.torrentPath,
    torrent.filePath,
    JSON.stringify(seeds),
  ]);
  const peers = await process_.waitFor((line) =>
    line.startsWith("[") ? (JSON.parse(line) as PeerAddress[]) : undefined,
  );
  return {
    peers,
    sentBytes: async (fromMs, toMs) => {
      const question = `${fromMs} ${toMs}`;
      process_.child.stdin?.write(`${question}\n`);
      return await process_.waitFor((line) =>
        line.startsWith(`sent ${question} `) ? Number(line.split(" ")[3]) : undefined,
      );
    },
    [Symbol.asyncDispose]: () => process_[Symbol.asyncDispose](),
  };
}
