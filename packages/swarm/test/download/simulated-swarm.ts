import { createHash } from "node:crypto";
import { assertInvariant } from "@riptide/core";
import type { DownloadAllowance, DownloaderOutput, PeerKey } from "../../src/download/downloader-types.ts";
import { Downloader, planDeadlines, ReadingPlaces } from "../../src/download/index.ts";
import { BLOCK_LENGTH_BYTES, type BlockRequest, pieceLength, type TorrentGeometry } from "../../src/types.ts";
import { type SeedOptions, SimulatedSeed } from "./simulated-seed.ts";
import { VirtualTime } from "./virtual-time.ts";

const TICK_MS = 50;
const WINDOW_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 64 * 1024;

/** A torrent of `sizeBytes` bytes whose content is a function of the offset. */
export function geometryOf(sizeBytes: number, pieceLengthBytes: number): TorrentGeometry {
  return { sizeBytes, pieceLengthBytes, pieceCount: Math.ceil(sizeBytes / pieceLengthBytes) };
}

/** What is really in the piece. */
export function contentOf(geometry: TorrentGeometry, piece: number): Uint8Array {
  const bytes = new Uint8Array(pieceLength(geometry, piece));
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + 1, 2654435761) ^ (piece * 40503);
  return bytes;
}

interface Connection {
  readonly seed: SimulatedSeed;
  readonly host: string;
  /** As the messages say: requested, and neither answered, rejected, cancelled nor choked away. */
  readonly owed: Set<string>;
  receiving: { readonly block: BlockRequest; target: { buffer: Uint8Array; at: number } | null } | undefined;
}

export interface SwarmOptions {
  readonly geometry: TorrentGeometry;
  readonly seeds: readonly SeedOptions[];
  readonly have?: Uint8Array;
  /** How long a piece takes to be stored; `false` = storing fails. */
  readonly store?: (piece: number, attempt: number) => number | false;
  readonly allowance?: DownloadAllowance;
  /** Shared with other swarms. */
  readonly time?: VirtualTime;
}

/** One reader that reads as fast as bytes come, with a window of 16 MiB in front of it. */
interface Reader {
  offset: number;
  waitingSinceMs: number;
  continues: boolean;
}

/**
 * A downloader between simulated seeds and readers. Checks on the way that no peer is asked twice for a block at once,
 * that verified bytes are right, and that memory stays within its budget.
 */
export class SimulatedSwarm {
  readonly time: VirtualTime;
  readonly downloader: Downloader;
  readonly geometry: TorrentGeometry;
  readonly bans: { host: string; reason: string }[] = [];
  readonly stored = new Map<number, number>();
  readonly connections = new Map<PeerKey, Connection>();
  maxBufferBytes = 0;
  failedPieces = 0;
  requested = 0;
  readonly #options: SwarmOptions;
  readonly #readers = new Map<number, Reader>();
  readonly #places = new ReadingPlaces();
  readonly #storeAttempts = new Map<number, number>();
  readonly #contents = new Map<number, Uint8Array>();
  #departedBytes = 0;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.time = options.time ?? new VirtualTime();
    this.geometry = options.geometry;
    const have = options.have ?? new Uint8Array(Math.ceil(options.geometry.pieceCount / 8));
    for (let piece = 0; piece < this.geometry.pieceCount; piece++) {
      if (((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0) this.stored.set(piece, 0);
    }
    this.downloader = new Downloader({
      geometry: options.geometry,
      have,
      verify: (piece, bytes) => sha1(bytes) === sha1(this.content(piece)),
      output: this.#output(),
      allowance: options.allowance,
    });
    for (const [index, seed] of options.seeds.entries()) this.#connect(index, seed);
    this.#tickForever();
  }

  get sentBytes(): number {
    let bytes = this.#departedBytes;
    for (const { seed } of this.connections.values()) bytes += seed.sentBytes;
    return bytes;
  }

  get seedOptions(): readonly SeedOptions[] {
    return this.#options.seeds;
  }

  /** Whether the peer of this host may send wrong bytes. */
  isLiar(host: string): boolean {
    return this.#options.seeds.some((seed, index) => hostOf(seed, index) === host && seed.poisons !== undefined);
  }

  content(piece: number): Uint8Array {
    let bytes = this.#contents.get(piece);
    if (bytes === undefined) {
      bytes = contentOf(this.geometry, piece);
      this.#contents.set(piece, bytes);
    }
    return bytes;
  }

  /** Somebody begins to read there: a start or a seek. */
  read(reader: number, offset: number): void {
    this.#readers.set(reader, { offset, waitingSinceMs: this.time.nowMs, continues: false });
    this.#plan(reader);
  }

  stopReading(reader: number): void {
    this.#readers.delete(reader);
    this.downloader.setDeadlines(reader, null, this.time.nowMs);
  }

  /** Everything at once, as a download without a reader. */
  wantAll(): void {
    const range = { start: 0, end: this.geometry.sizeBytes };
    const demand = { range, urgency: "later" as const, sinceMs: this.time.nowMs };
    const plan = planDeadlines([demand], this.geometry, this.time.nowMs, (piece) => this.stored.has(piece));
    this.downloader.setDeadlines(-1, plan, this.time.nowMs);
  }

  /** Runs until the piece is stored; the time that took. Fails after `limitMs`. */
  untilStored(piece: number, limitMs = 60_000): number {
    const startMs = this.time.nowMs;
    const isDone = this.time.runUntil(() => this.stored.has(piece), startMs + limitMs);
    assertInvariant(isDone, `Piece ${piece} must come within ${limitMs} ms`);
    return this.time.nowMs - startMs;
  }

  untilComplete(limitMs: number): boolean {
    return this.time.runUntil(() => this.stored.size === this.geometry.pieceCount, this.time.nowMs + limitMs);
  }

  run(durationMs: number): void {
    this.time.runUntil(() => false, this.time.nowMs + durationMs);
  }

  leave(peer: PeerKey): void {
    const connection = this.connections.get(peer);
    if (connection === undefined) return;
    connection.seed.close();
    this.#departedBytes += connection.seed.sentBytes;
    this.connections.delete(peer);
    this.downloader.removePeer(peer, this.time.nowMs);
  }

  #connect(peer: PeerKey, options: SeedOptions): void {
    const connection: Connection = {
      seed: new SimulatedSeed(options, this.time, {
        unchoked: () => this.downloader.peerUnchoked(peer, this.time.nowMs),
        choked: () => {
          connection.owed.clear();
          this.downloader.peerChoked(peer, this.time.nowMs);
        },
        rejected: (block) => {
          connection.owed.delete(nameOf(block));
          this.downloader.rejected(peer, block, this.time.nowMs);
        },
        delivering: (block) => this.#delivering(peer, connection, block),
        delivered: (isPoisoned) => this.#delivered(peer, connection, isPoisoned),
      }),
      host: hostOf(options, peer),
      owed: new Set(),
      receiving: undefined,
    };
    const { seed } = connection;
    const joinsAtMs = options.joinsAtMs ?? 0;
    // TCP, then the handshakes with the bitfield behind it, then interested and unchoke.
    this.time.at(joinsAtMs + 2 * seed.roundTripMs, () => {
      this.connections.set(peer, connection);
      this.downloader.addPeer(peer, connection.host, this.time.nowMs);
      this.#announce(peer, options);
    });
    this.time.at(joinsAtMs + 2 * seed.roundTripMs + seed.latencyMs, () => seed.unchoke());
    if (options.leavesAtMs !== undefined) this.time.at(options.leavesAtMs, () => this.leave(peer));
  }

  #announce(peer: PeerKey, { has, liesAbout }: SeedOptions): void {
    if (has === undefined) {
      this.downloader.peerHaveAll(peer, this.time.nowMs);
      return;
    }
    const bits = new Uint8Array(Math.ceil(this.geometry.pieceCount / 8));
    for (let piece = 0; piece < this.geometry.pieceCount; piece++) {
      if (has(piece) || liesAbout?.(piece) === true) bits[piece >> 3]! |= 0x80 >> (piece & 7);
    }
    this.downloader.peerBitfield(peer, bits, this.time.nowMs);
  }

  #delivering(peer: PeerKey, connection: Connection, block: BlockRequest): void {
    connection.receiving = { block, target: this.downloader.blockTarget(peer, block) };
    // The first half comes with the first byte, so that a block that is interrupted has been written in part.
    this.#write(connection, { isPoisoned: false, start: 0, end: block.length >> 1 });
  }

  #delivered(peer: PeerKey, connection: Connection, isPoisoned: boolean): void {
    const { receiving } = connection;
    if (receiving === undefined) return;
    this.#write(connection, { isPoisoned, start: receiving.block.length >> 1, end: receiving.block.length });
    connection.receiving = undefined;
    connection.owed.delete(nameOf(receiving.block));
    this.downloader.blockArrived(peer, receiving.block, receiving.target !== null, this.time.nowMs);
    this.downloader.readEnded(peer, this.time.nowMs);
  }

  #write(
    connection: Connection,
    { isPoisoned, start, end }: { isPoisoned: boolean; start: number; end: number },
  ): void {
    const { receiving } = connection;
    if (receiving?.target == null) return;
    const { block, target } = receiving;
    const bytes = this.content(block.piece).slice(block.offset + start, block.offset + end);
    if (isPoisoned) bytes[0]! ^= 1;
    target.buffer.set(bytes, target.at + start);
  }

  #output(): DownloaderOutput {
    return {
      request: (peer, blocks) => {
        const connection = this.connections.get(peer);
        assertInvariant(connection !== undefined, `Peer ${peer} must be connected when it is asked`);
        for (const block of blocks) {
          this.requested += 1;
          const name = nameOf(block);
          assertInvariant(!connection.owed.has(name), `Peer ${peer} must not be asked twice for ${name} at once`);
          connection.owed.add(name);
        }
        connection.seed.request(blocks);
      },
      cancel: (peer, blocks) => {
        for (const block of blocks) this.connections.get(peer)?.owed.delete(nameOf(block));
        this.connections.get(peer)?.seed.cancel(blocks);
      },
      pieceVerified: (piece, bytes) => this.#store(piece, bytes),
      pieceFailed: () => {
        this.failedPieces += 1;
      },
      ban: (_peer, host, reason) => {
        this.bans.push({ host, reason });
        for (const [key, connection] of this.connections) if (connection.host === host) this.leave(key);
      },
      bufferReleased: (buffer) => {
        for (const { receiving } of this.connections.values()) {
          if (receiving?.target?.buffer === buffer) receiving.target = null;
        }
      },
    };
  }

  #store(piece: number, bytes: Uint8Array): void {
    assertInvariant(this.#isRight(piece, bytes), `The bytes of piece ${piece} must be right`);
    const attempt = this.#storeAttempts.get(piece) ?? 0;
    this.#storeAttempts.set(piece, attempt + 1);
    const durationMs = (this.#options.store ?? (() => 0))(piece, attempt);
    this.time.after(durationMs === false ? 0 : durationMs, () => {
      if (durationMs === false) {
        this.downloader.pieceStoreFailed(piece, this.time.nowMs);
        return;
      }
      assertInvariant(this.#isRight(piece, bytes), `The bytes of piece ${piece} must still be right once stored`);
      this.stored.set(piece, this.time.nowMs);
      this.#contents.delete(piece);
      this.downloader.pieceStored(piece, this.time.nowMs);
      for (const reader of this.#readers.keys()) this.#advance(reader);
    });
  }

  #isRight(piece: number, bytes: Uint8Array): boolean {
    return Buffer.compare(bytes, this.content(piece)) === 0;
  }

  #advance(id: number): void {
    const reader = this.#readers.get(id);
    if (reader === undefined) return;
    const { pieceLengthBytes, sizeBytes } = this.geometry;
    const startOffset = reader.offset;
    while (reader.offset < sizeBytes && this.stored.has(Math.floor(reader.offset / pieceLengthBytes))) {
      reader.offset = Math.min(sizeBytes, reader.offset + READ_BYTES);
      reader.continues = this.#places.arrive(reader.offset, this.time.nowMs);
    }
    if (reader.offset === startOffset) return;
    reader.waitingSinceMs = this.time.nowMs;
    this.#plan(id);
  }

  #plan(id: number): void {
    const { offset, waitingSinceMs, continues } = this.#readers.get(id)!;
    if (!continues) this.#places.arrive(offset, this.time.nowMs);
    const { sizeBytes } = this.geometry;
    const now = { start: offset, end: Math.min(sizeBytes, offset + READ_BYTES) };
    const soon = { start: offset, end: Math.min(sizeBytes, offset + WINDOW_BYTES) };
    const plan = planDeadlines(
      [
        { range: now, urgency: "now", sinceMs: waitingSinceMs, continues },
        { range: soon, urgency: "soon", sinceMs: this.time.nowMs },
      ],
      this.geometry,
      this.time.nowMs,
      (piece) => this.stored.has(piece),
    );
    this.downloader.setDeadlines(id, plan, this.time.nowMs);
  }

  #tickForever(): void {
    this.time.after(TICK_MS, () => {
      this.downloader.tick(this.time.nowMs);
      this.maxBufferBytes = Math.max(this.maxBufferBytes, this.downloader.stats.bufferBytes);
      this.#tickForever();
    });
  }
}

function hostOf(seed: SeedOptions, index: number): string {
  return seed.host ?? `10.0.0.${index}`;
}

function nameOf(block: BlockRequest): string {
  return `${block.piece}:${block.offset / BLOCK_LENGTH_BYTES}`;
}

function sha1(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}
