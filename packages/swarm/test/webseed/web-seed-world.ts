import { createHash } from "node:crypto";
import type { Clock } from "@riptide/core";
import { clockFrom } from "@riptide/core";
import { createRandom } from "@riptide/sim";
import { Downloader } from "../../src/download/index.ts";
import { type BencodeInput, encodeBencode, type Metainfo, parseTorrentFile } from "../../src/metainfo/index.ts";
import { Network } from "../../src/network/network.ts";
import type { BlockRequest } from "../../src/types.ts";
import { createWebAgents, WebSeeds } from "../../src/webseed/index.ts";

const PIECE_LENGTH_BYTES = 64 * 1024;

export interface WorldFile {
  readonly path: readonly string[];
  readonly lengthBytes: number;
  readonly isPadding?: boolean;
}

export interface TestTorrent {
  readonly metainfo: Metainfo;
  readonly bytes: Uint8Array;
  /** Decoded path below a web seed → bytes of the file. */
  readonly served: Record<string, Uint8Array>;
}

/** A torrent of random bytes, zeros in padding files. Without `files`: one file named film.bin. */
export function testTorrent(lengthBytes: number, files?: readonly WorldFile[]): TestTorrent {
  const list = files ?? [{ path: ["film.bin"], lengthBytes }];
  const sizeBytes = list.reduce((sum, file) => sum + file.lengthBytes, 0);
  const bytes = createRandom(5).bytes(sizeBytes);
  const served: Record<string, Uint8Array> = {};
  let at = 0;
  for (const { path, lengthBytes: length, isPadding } of list) {
    if (isPadding === true) bytes.fill(0, at, at + length);
    else served[files === undefined ? "/film.bin" : `/films/${path.join("/")}`] = bytes.subarray(at, at + length);
    at += length;
  }
  const pieces: Buffer[] = [];
  for (let start = 0; start < sizeBytes; start += PIECE_LENGTH_BYTES) {
    pieces.push(
      createHash("sha1")
        .update(bytes.subarray(start, start + PIECE_LENGTH_BYTES))
        .digest(),
    );
  }
  const common = { "piece length": PIECE_LENGTH_BYTES, pieces: Buffer.concat(pieces) };
  const info: Record<string, BencodeInput> =
    files === undefined
      ? { ...common, name: "film.bin", length: sizeBytes }
      : { ...common, name: "films", files: list.map(describe) };
  return { metainfo: parseTorrentFile(encodeBencode({ info })), bytes, served };
}

function describe({ path, lengthBytes, isPadding }: WorldFile): BencodeInput {
  return isPadding === true ? { attr: "p", length: lengthBytes, path } : { length: lengthBytes, path };
}

const realClock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });

/** A downloader whose only sources are web seeds. */
export class WebSeedWorld implements Disposable {
  readonly downloader: Downloader;
  readonly seeds: WebSeeds;
  readonly stored = new Map<number, Uint8Array>();
  readonly requested: BlockRequest[] = [];
  readonly bans: string[] = [];
  receivedBytes = 0;
  readonly #clock: Clock;
  readonly #agents = createWebAgents();
  #timer: Disposable | undefined;

  constructor(metainfo: Metainfo, { clock = realClock }: { clock?: Clock } = {}) {
    this.#clock = clock;
    const isRight = (piece: number, bytes: Uint8Array): boolean =>
      createHash("sha1")
        .update(bytes)
        .digest()
        .equals(metainfo.pieceHashes.subarray(piece * 20, piece * 20 + 20));
    this.downloader = new Downloader({
      geometry: metainfo,
      have: new Uint8Array(Math.ceil(metainfo.pieceCount / 8)),
      verify: isRight,
      output: {
        request: (key, blocks) => {
          this.requested.push(...blocks);
          this.seeds.get(key)?.request(blocks);
        },
        cancel: (key, blocks) => this.seeds.get(key)?.cancel(blocks),
        pieceVerified: (piece, bytes) => {
          this.stored.set(piece, bytes.slice());
          this.downloader.pieceStored(piece, this.#clock.nowMs());
        },
        pieceFailed: () => undefined,
        ban: (_key, host) => {
          this.bans.push(host);
          queueMicrotask(() => this.seeds.ban(host));
        },
        bufferReleased: () => undefined,
      },
    });
    this.seeds = new WebSeeds({
      network: new Network({}),
      metainfo,
      sink: this.downloader,
      clock,
      agents: this.#agents,
      reach: () => "anywhere",
      onReceived: (bytes) => {
        this.receivedBytes += bytes;
      },
    });
    this.#tick();
  }

  /** Wants these pieces, the first one first. */
  want(...pieces: number[]): void {
    const nowMs = this.#clock.nowMs();
    this.downloader.setDeadlines(
      1,
      pieces.map((piece, index) => [piece, nowMs + index * 100]),
      nowMs,
    );
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.seeds.close();
    this.#agents.close();
  }

  #tick(): void {
    this.#timer = this.#clock.setTimer(50, () => {
      this.downloader.tick(this.#clock.nowMs());
      this.#tick();
    });
  }
}
