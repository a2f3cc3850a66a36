import { createInterface } from "node:readline";
import type { PeerAddress } from "@riptide/swarm";
import { openOurs } from "./our-engine.ts";
import { openWebtorrent } from "./webtorrent-engine.ts";

/** An engine of JavaScript as the arms need it. */
export interface ArmEngine {
  /** Adds the torrent and meets its peers; resolves when it can be read. */
  add(): Promise<void>;
  /** Reads from there on, as fast as it comes, until it is closed. */
  read(offset: number, onBytes: (lengthBytes: number) => void): { close(): void };
  /** Adds the torrent, and resolves when all of it is there. */
  fetchWhole(): Promise<void>;
  /** Removes the torrent, and what was fetched of it. */
  forget(): Promise<void>;
}

export interface ArmSettings {
  readonly torrentPath: string;
  readonly saveDirectory: string;
  readonly peers: readonly PeerAddress[];
}

const FIRST_BYTES = 64 * 1024;
const OPENERS = { ours: openOurs, webtorrent: openWebtorrent };

/** What has come to one reader. */
class Reading {
  readBytes = 0;
  /** Longest wait between two chunks. */
  gapMs = 0;
  #lastMs: number | undefined;
  #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  readonly #reader: { close(): void };

  constructor(engine: ArmEngine, offset: number) {
    this.#reader = engine.read(offset, (lengthBytes) => {
      const nowMs = performance.now();
      this.gapMs = Math.max(this.gapMs, nowMs - (this.#lastMs ?? nowMs));
      this.#lastMs = nowMs;
      this.readBytes += lengthBytes;
      for (const { bytes, resolve } of this.#waiting) if (bytes <= this.readBytes) resolve();
    });
  }

  until(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.readBytes >= bytes) resolve();
      else this.#waiting.push({ bytes, resolve });
    });
  }

  close(): void {
    this.#reader.close();
  }
}

/**
 * `NAME SETTINGS_JSON`: one engine in a process of its own. Each command, a line of JSON, is answered by one: when it was
 * heard and when it was done (ms since 1970), and the longest gap of the reader until then.
 * - `open`: adds the torrent and reads from its start, until the first bytes are there
 * - `read BYTES`: until the reader has had that much
 * - `seek OFFSET`: until the first bytes from there are there, while the old reader goes on; `jump`: it is closed
 * - `whole`: until all is there
 * - `forget`: the torrent and its bytes are gone, as if it had never been added
 */
const [name = "ours", json = "{}"] = process.argv.slice(2);
const engine = await OPENERS[name as keyof typeof OPENERS](JSON.parse(json) as ArmSettings);
const readings: Reading[] = [];

const commands: Readonly<Record<string, (argument: number) => Promise<void>>> = {
  open: async () => {
    await engine.add();
    await readFrom(0);
  },
  read: (bytes) => readings.at(-1)!.until(bytes),
  seek: readFrom,
  jump: async (offset) => {
    closeReadings();
    await readFrom(offset);
  },
  whole: () => engine.fetchWhole(),
  forget: async () => {
    closeReadings();
    await engine.forget();
  },
};

function closeReadings(): void {
  for (const reading of readings.splice(0)) reading.close();
}

async function readFrom(offset: number): Promise<void> {
  const reading = new Reading(engine, offset);
  readings.push(reading);
  await reading.until(FIRST_BYTES);
}

async function obey(command: string, argument: number): Promise<void> {
  const fromMs = epochMs();
  await commands[command]!(argument);
  const toMs = epochMs();
  console.log(JSON.stringify({ did: command, fromMs, toMs, gapMs: readings.at(-1)?.gapMs ?? 0 }));
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { command, argument } = JSON.parse(line) as { command: string; argument: number };
  void obey(command, argument);
});
lines.on("close", () => process.exit(0));
console.log(JSON.stringify({ did: "load" }));

function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
