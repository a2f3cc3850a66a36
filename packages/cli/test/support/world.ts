import {
  createSimulatedTorrentEngine,
  createVirtualClock,
  type SimulatedTorrentEngine,
  type SimulatedTorrentSeed,
  type VirtualClock,
} from "@riptide/sim";
import { FakeOutput } from "./fake-output.ts";

export const FILM = "0123456789abcdef0123456789abcdef01234567";
export const SERIES = "a".repeat(40);
export const UNKNOWN = "f".repeat(40);
/** What a hostile torrent may call itself. */
export const HOSTILE_NAME = "\u001b[2J\u009b31m\u202eevil\n{}";

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

const SEEDS: readonly SimulatedTorrentSeed[] = [
  { infoHash: FILM, name: "A film.mkv", files: [{ path: "A film.mkv", bytes: new Uint8Array(1_000_000) }] },
  {
    infoHash: SERIES,
    name: "A series",
    files: [
      { path: "A series/First.mp4", bytes: new Uint8Array(1_000_000) },
      { path: "A series/Second.mp4", bytes: new Uint8Array(2_000_000) },
    ],
    // Nothing ever comes.
    arrivals: { kind: "manual" },
    metadataDelayMs: 3_000,
  },
];

export interface World {
  readonly engine: SimulatedTorrentEngine;
  readonly clock: VirtualClock;
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
}

/** An engine with a film that is all there and a series of which nothing comes, in virtual time; neither is added yet. */
export function createWorld(stdout = new FakeOutput()): World {
  const clock = createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const engine = createSimulatedTorrentEngine({ clock, torrents: SEEDS });
  return { engine, clock, stdout, stderr: new FakeOutput() };
}
