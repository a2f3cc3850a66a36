import { assertInvariant } from "@riptide/core";
import {
  createRandom,
  createVirtualClock,
  isAway,
  SimulatedPeer,
  type SimulatedPeerOptions,
  type VirtualClock,
} from "@riptide/sim";
import { bitsByteLength, hasBit } from "../../src/bits.ts";
import type { DownloadAllowance, DownloaderOutput, PeerKey } from "../../src/download/downloader-types.ts";
import { Downloader, type PieceMemory } from "../../src/download/index.ts";
import { BLOCK_LENGTH_BYTES, type BlockRequest, type TorrentGeometry } from "../../src/types.ts";
import { announcedPieces } from "./announced-pieces.ts";
import { contentCache } from "./content-cache.ts";
import { SwarmReaders } from "./swarm-readers.ts";

const TICK_MS = 50;
/** As the session does after the disk refused a piece. */
export const STORAGE_RETRY_MS = 5000;

/** The same options may stand for several peers. */
interface Member {
  readonly options: SimulatedPeerOptions;
  readonly host: string;
}

interface Connection {
  readonly peer: SimulatedPeer;
  readonly member: Member;
  readonly host: string;
  readonly sinceMs: number;
  /** As the messages say: requested, and neither answered, rejected, cancelled nor choked away. */
  readonly owed: Set<string>;
  /** As the downloader was told last. */
  isChoking: boolean;
  receiving: { readonly block: BlockRequest; target: { buffer: Uint8Array; at: number } | null } | undefined;
}

export interface SwarmOptions {
  readonly geometry: TorrentGeometry;
  readonly peers: readonly SimulatedPeerOptions[];
  readonly have?: Uint8Array;
  /** How long a piece takes to be stored; `false` = storing fails. */
  readonly store?: (piece: number, attempt: number) => number | false;
  /** After storing failed, the download rests for a while, as the session lets it. */
  readonly restsWhenStoreFails?: boolean;
  readonly windowBytes?: number;
  /** What chance there is follows from it. */
  readonly seed?: number;
  readonly allowance?: DownloadAllowance;
  readonly memory?: PieceMemory;
  /** Shared with other swarms. */
  readonly clock?: VirtualClock;
}

/**
 * A downloader between simulated peers and readers. Checks on the way that a peer is asked only for what it has, while it
 * lets us ask, and never twice for a block at once; that verified bytes are right; and that a banned host is left alone.
 */
export class SimulatedSwarm {
  readonly clock: VirtualClock;
  readonly downloader: Downloader;
  readonly readers: SwarmReaders;
  readonly geometry: TorrentGeometry;
  /** What is really in a piece. */
  readonly content: (piece: number) => Uint8Array;
  readonly bans: { host: string; reason: string }[] = [];
  /** When each piece was stored. */
  readonly stored = new Map<number, number>();
  readonly connections = new Map<PeerKey, Connection>();
  maxBufferBytes = 0;
  /** The most pieces that were being put together at once. */
  maxActivePieces = 0;
  failedPieces = 0;
  requested = 0;
  readonly #options: SwarmOptions;
  readonly #random;
  readonly #storeAttempts = new Map<number, number>();
  readonly #members: readonly Member[];
  readonly #listeners: ((piece: number) => void)[] = [];
  readonly #away = new Set<Member>();
  #nextKey: PeerKey;
  #departedBytes = 0;
  #isHealed = false;

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.clock = options.clock ?? createVirtualClock({ drain: () => Promise.resolve() });
    this.#members = options.peers.map((peer, index) => ({ options: peer, host: peer.host ?? `10.0.0.${index}` }));
    this.#random = createRandom(options.seed ?? 1);
    this.geometry = options.geometry;
    this.content = contentCache(options.geometry);
    this.#nextKey = options.peers.length;
    const have = options.have ?? new Uint8Array(bitsByteLength(options.geometry.pieceCount));
    for (let piece = 0; piece < this.geometry.pieceCount; piece++) if (hasBit(have, piece)) this.stored.set(piece, 0);
    this.downloader = new Downloader({
      geometry: options.geometry,
      have,
      verify: (piece, bytes) => this.#isRight(piece, bytes),
      output: this.#output(),
      allowance: options.allowance,
      memory: options.memory,
    });
    this.readers = new SwarmReaders({
      ...options,
      downloader: this.downloader,
      nowMs: () => this.nowMs,
      isStored: (piece) => this.stored.has(piece),
    });
    for (const [key, member] of this.#members.entries()) this.#expect(key, member);
    this.#tickForever();
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  get sentBytes(): number {
    let bytes = this.#departedBytes;
    for (const { peer } of this.connections.values()) bytes += peer.sentBytes;
    return bytes;
  }

  /** Whether the peer of this host may send wrong bytes. */
  isLiar(host: string): boolean {
    return this.#members.some((member) => member.host === host && member.options.poisons !== undefined);
  }

  at(atMs: number, happen: () => void): void {
    this.clock.setTimer(atMs - this.nowMs, happen);
  }

  /** Calls back for every piece that is stored from now on. */
  onStored(listener: (piece: number) => void): void {
    this.#listeners.push(listener);
  }

  /** The piece is given up to make room. */
  giveUp(piece: number): void {
    this.stored.delete(piece);
    this.downloader.pieceEvicted(piece);
  }

  read(reader: number, offset: number): void {
    this.readers.read(reader, offset);
  }

  stopReading(reader: number): void {
    this.readers.stop(reader);
  }

  wantAll(): void {
    this.readers.wantAll();
  }

  /** True once it is done; false after `limitMs` more. */
  runUntil(isDone: () => boolean, limitMs: number): boolean {
    return this.clock.stepUntil(isDone, this.nowMs + limitMs);
  }

  run(durationMs: number): void {
    this.runUntil(() => false, durationMs);
  }

  /** Runs until the piece is stored; the time that took. Fails after `limitMs`. */
  untilStored(piece: number, limitMs = 60_000): number {
    const startMs = this.nowMs;
    assertInvariant(
      this.runUntil(() => this.stored.has(piece), limitMs),
      `Piece ${piece} must come within ${limitMs} ms`,
    );
    return this.nowMs - startMs;
  }

  untilComplete(limitMs: number): boolean {
    return this.runUntil(() => this.stored.size === this.geometry.pieceCount, limitMs);
  }

  /** The longest time without a piece that continues what was read before, by somebody who reads from the start. Waits for pieces before `first` do not count. */
  longestGapMs(first = 0): number {
    let longestMs = 0;
    let readableMs = 0;
    for (let piece = 0; piece < this.geometry.pieceCount; piece++) {
      const storedMs = Math.max(readableMs, this.stored.get(piece) ?? Number.POSITIVE_INFINITY);
      if (piece >= first) longestMs = Math.max(longestMs, storedMs - readableMs);
      readableMs = storedMs;
    }
    return longestMs;
  }

  leave(key: PeerKey): void {
    const connection = this.connections.get(key);
    if (connection === undefined) return;
    connection.peer.close();
    this.#departedBytes += connection.peer.sentBytes;
    this.connections.delete(key);
    this.#away.add(connection.member);
    this.downloader.removePeer(key, this.nowMs);
  }

  /** All trouble ends: peers are honest and answer, and those that left come back. */
  heal(): void {
    this.#isHealed = true;
    for (const { peer } of this.connections.values()) peer.heal();
    for (const member of this.#away) this.#comeBack(member);
  }

  /** What a peer is going to do of itself. */
  #expect(key: PeerKey, member: Member): void {
    const { joinsAtMs = 0, leavesAtMs, returnsAfterMs } = member.options;
    this.#join(key, member, joinsAtMs);
    if (leavesAtMs === undefined) return;
    this.at(leavesAtMs, () => {
      for (const [current, connection] of this.connections) if (connection.member === member) this.leave(current);
    });
    if (returnsAfterMs !== undefined) this.at(leavesAtMs + returnsAfterMs, () => this.#comeBack(member));
  }

  #comeBack(member: Member): void {
    if (this.#away.delete(member)) this.#join(this.#nextKey++, member, this.nowMs);
  }

  /** TCP, then the handshakes with the bitfield behind it, then interested and unchoke. */
  #join(key: PeerKey, member: Member, atMs: number): void {
    const { options } = member;
    const roundTripMs = 2 * (options.latencyMs ?? 0);
    this.at(atMs + 2 * roundTripMs, () => {
      if (!this.#isHealed && isAway(options, this.nowMs)) this.#away.add(member);
      else this.#connect(key, member);
    });
  }

  #connect(key: PeerKey, member: Member): void {
    const { options, host } = member;
    const listener = {
      unchoked: () => {
        connection.isChoking = false;
        this.downloader.peerUnchoked(key, this.nowMs);
      },
      choked: () => {
        connection.owed.clear();
        connection.isChoking = true;
        this.downloader.peerChoked(key, this.nowMs);
        assertInvariant(
          this.downloader.peerStats(key).inFlight === 0,
          `Nothing may be expected of peer ${key}: it chokes`,
        );
      },
      rejected: (block: BlockRequest) => {
        connection.owed.delete(nameOf(block));
        this.downloader.rejected(key, block, this.nowMs);
      },
      delivering: (block: BlockRequest) => this.#delivering(key, connection, block),
      delivered: (wrongBy: number) => this.#delivered(key, connection, wrongBy),
    };
    const peer = new SimulatedPeer(options, { clock: this.clock, random: this.#random, listener });
    const connection: Connection = {
      peer,
      member,
      host,
      sinceMs: this.nowMs,
      owed: new Set(),
      isChoking: true,
      receiving: undefined,
    };
    this.connections.set(key, connection);
    this.downloader.addPeer(key, host, this.nowMs);
    this.#announce(key, options);
    this.at(this.nowMs + peer.latencyMs, () => (this.#isHealed ? peer.heal() : peer.unchoke()));
  }

  #announce(key: PeerKey, options: SimulatedPeerOptions): void {
    const bits = announcedPieces(options, this.geometry.pieceCount);
    if (bits === undefined) this.downloader.peerHaveAll(key, this.nowMs);
    else this.downloader.peerBitfield(key, bits, this.nowMs);
  }

  #delivering(key: PeerKey, connection: Connection, block: BlockRequest): void {
    connection.receiving = { block, target: this.downloader.blockTarget(key, block) };
    // The first half comes with the first byte, so that a block that is interrupted has been written in part.
    this.#write(connection, { wrongBy: 0, start: 0, end: block.length >> 1 });
  }

  #delivered(key: PeerKey, connection: Connection, wrongBy: number): void {
    const { receiving } = connection;
    if (receiving === undefined) return;
    this.#write(connection, { wrongBy, start: receiving.block.length >> 1, end: receiving.block.length });
    connection.receiving = undefined;
    connection.owed.delete(nameOf(receiving.block));
    this.downloader.blockArrived(key, receiving.block, receiving.target !== null, this.nowMs);
    this.downloader.readEnded(key, this.nowMs);
  }

  #write({ receiving }: Connection, { wrongBy, start, end }: { wrongBy: number; start: number; end: number }): void {
    if (receiving?.target == null) return;
    const { block, target } = receiving;
    const { buffer, at } = target;
    buffer.set(this.content(block.piece).subarray(block.offset + start, block.offset + end), at + start);
    buffer[at + start]! ^= wrongBy;
  }

  #output(): DownloaderOutput {
    return {
      request: (key, blocks) => this.#request(key, blocks),
      cancel: (key, blocks) => {
        for (const block of blocks) this.connections.get(key)?.owed.delete(nameOf(block));
        this.connections.get(key)?.peer.cancel(blocks);
      },
      pieceVerified: (piece, bytes) => this.#store(piece, bytes),
      pieceFailed: () => {
        this.failedPieces += 1;
      },
      ban: (_key, host, reason) => {
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

  #request(key: PeerKey, blocks: readonly BlockRequest[]): void {
    const connection = this.connections.get(key);
    assertInvariant(connection !== undefined, `Peer ${key} must be connected when it is asked`);
    const { has = () => true, liesAbout } = connection.peer.options;
    assertInvariant(!connection.isChoking, `Peer ${key} must not be asked while it chokes us`);
    assertInvariant(!this.bans.some(({ host }) => host === connection.host), `Peer ${key} is banned, but was asked`);
    for (const block of blocks) {
      this.requested += 1;
      const name = nameOf(block);
      assertInvariant(!connection.owed.has(name), `Peer ${key} must not be asked twice for ${name} at once`);
      assertInvariant(!this.stored.has(block.piece), `Peer ${key} must not be asked for ${name}, which is stored`);
      const isThere = has(block.piece) || liesAbout?.(block.piece) === true;
      assertInvariant(isThere, `Peer ${key} must not be asked for ${name}, which it never had`);
      connection.owed.add(name);
    }
    connection.peer.request(blocks);
    this.#sample();
  }

  #store(piece: number, bytes: Uint8Array): void {
    assertInvariant(this.#isRight(piece, bytes), `The bytes of piece ${piece} must be right`);
    const attempt = this.#storeAttempts.get(piece) ?? 0;
    this.#storeAttempts.set(piece, attempt + 1);
    const durationMs = (this.#options.store ?? (() => 0))(piece, attempt);
    this.clock.setTimer(durationMs === false ? 0 : durationMs, () => {
      if (durationMs === false) return this.#storeFailed(piece);
      assertInvariant(this.#isRight(piece, bytes), `The bytes of piece ${piece} must still be right once stored`);
      this.stored.set(piece, this.nowMs);
      for (const listener of this.#listeners) listener(piece);
      this.downloader.pieceStored(piece, this.nowMs);
      this.readers.advance();
    });
  }

  #storeFailed(piece: number): void {
    this.downloader.pieceStoreFailed(piece, this.nowMs);
    if (this.#options.restsWhenStoreFails !== true) return;
    this.downloader.pause(this.nowMs);
    this.clock.setTimer(STORAGE_RETRY_MS, () => this.downloader.resume(this.nowMs));
  }

  /** Compares with the truth: what SHA-1 would say, at a fraction of the time. */
  #isRight(piece: number, bytes: Uint8Array): boolean {
    return Buffer.compare(bytes, this.content(piece)) === 0;
  }

  #tickForever(): void {
    this.clock.setTimer(TICK_MS, () => {
      this.downloader.tick(this.nowMs);
      this.#sample();
      this.#checkDepartures();
      this.#tickForever();
    });
  }

  /** What an engine makes of peers that go shows only if they do. */
  #checkDepartures(): void {
    for (const { host, member, sinceMs } of this.connections.values()) {
      const { leavesAtMs = Number.POSITIVE_INFINITY } = member.options;
      const hasLeft = sinceMs >= leavesAtMs || this.nowMs <= leavesAtMs;
      assertInvariant(hasLeft, `${host} must have left at ${leavesAtMs} ms`);
    }
  }

  #sample(): void {
    const { activePieces, bufferBytes } = this.downloader.stats;
    this.maxBufferBytes = Math.max(this.maxBufferBytes, bufferBytes);
    this.maxActivePieces = Math.max(this.maxActivePieces, activePieces);
  }
}

function nameOf(block: BlockRequest): string {
  return `${block.piece}:${block.offset / BLOCK_LENGTH_BYTES}`;
}
