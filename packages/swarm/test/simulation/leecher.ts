import { Lane, type LeecherFault, type Random, type ScenarioLeecher, type VirtualClock } from "@riptide/sim";
import { setBitsOf } from "../../src/bits.ts";
import { type BlockRequest, pieceLength, type TorrentGeometry } from "../../src/types.ts";
import { encodeBlockMessages, encodeHave, encodeSignal, KEEP_ALIVE } from "../../src/wire/encoder.ts";
import { BLOCK_HEADER_BYTES, MESSAGE_HEADER_BYTES, MessageId, readUint32 } from "../../src/wire/messages.ts";
import { impossibleRequests } from "./impossible-requests.ts";

/** Requests under way at once. */
const DEPTH = 16;
/** What was rejected although we unchoked it is asked for again after this. */
const RETRY_MS = 1000;
/** BEP 3: "generally" every two minutes. */
const KEEP_ALIVE_MS = 100_000;
const OLD_CLIENTS_BLOCK_BYTES = 16 * 1024;

type Place = Pick<BlockRequest, "piece" | "offset">;

export interface LeecherOptions {
  readonly leecher: ScenarioLeecher;
  /** Pieces that it has, over all of its connections. */
  readonly own: Set<number>;
  readonly geometry: TorrentGeometry;
  readonly clock: VirtualClock;
  readonly random: Random;
  /** The content of a piece. */
  readonly content: (piece: number) => Uint8Array;
  /** Sends something to us. */
  readonly say: (message: Uint8Array) => void;
  readonly isOpen: () => boolean;
  /** What it got is wrong. */
  readonly fail: (problem: string) => void;
  /** It has one piece more. */
  readonly completed: () => void;
}

/** The side of a simulated peer that downloads from us, over one connection: it asks for what we say we have, and for more if it is rude. */
export class Leecher {
  readonly #options: LeecherOptions;
  readonly #lane: Lane;
  readonly #theirs = new Set<number>();
  /** Blocks that are asked for and not answered, by where they lie. */
  readonly #owed = new Map<string, BlockRequest>();
  /** Blocks that came of pieces that are not whole. */
  readonly #blocks = new Map<number, Set<number>>();
  #isUnchoked = false;
  #isInterested = false;
  #repeatedBytes = 0;

  constructor(options: LeecherOptions) {
    this.#options = options;
    const { clock, random, leecher } = options;
    this.#lane = new Lane({ clock, random, latencyMs: 2 * leecher.latencyMs, jitterMs: leecher.jitterMs });
    for (const fault of leecher.faults) this.#misbehave(fault);
    this.#every(KEEP_ALIVE_MS, () => this.#say(KEEP_ALIVE));
    this.#every(RETRY_MS, () => this.#ask());
  }

  /** A whole message of ours has come off the connection. */
  heard(message: Uint8Array): void {
    switch (message[4]!) {
      case MessageId.choke:
        this.#isUnchoked = false;
        return;
      case MessageId.unchoke:
        this.#isUnchoked = true;
        return this.#unchoked();
      case MessageId.have:
        return this.#learn([readUint32(message, MESSAGE_HEADER_BYTES)]);
      case MessageId.bitfield:
        return this.#learn(setBitsOf(message.subarray(MESSAGE_HEADER_BYTES)));
      case MessageId.haveAll:
        return this.#learn(Array.from({ length: this.#options.geometry.pieceCount }, (_, piece) => piece));
      case MessageId.rejectRequest:
        this.#owed.delete(nameOf(placeIn(message)));
        return;
      case MessageId.block:
        return this.#received(placeIn(message), message.subarray(BLOCK_HEADER_BYTES));
      default:
        return;
    }
  }

  #learn(pieces: Iterable<number>): void {
    for (const piece of pieces) this.#theirs.add(piece);
    this.#reviewInterest();
    this.#ask();
  }

  #unchoked(): void {
    for (const fault of this.#options.leecher.faults) {
      if (fault.kind === "repeats") for (let left = fault.requests; left > 0; left -= 1) this.#repeat(fault.untilBytes);
    }
    this.#ask();
  }

  #received({ piece, offset }: Place, bytes: Uint8Array): void {
    const { content, geometry, own, leecher } = this.#options;
    const truth = content(piece).subarray(offset, offset + bytes.length);
    if (Buffer.compare(bytes, truth) !== 0) this.#options.fail(`${piece}:${offset} was changed while it was sent`);
    this.#owed.delete(nameOf({ piece, offset }));
    for (const fault of leecher.faults) if (fault.kind === "repeats") this.#repeat(fault.untilBytes, bytes.length);
    if (!own.has(piece) && offset % leecher.requestBytes === 0) {
      const blocks = this.#blocks.get(piece) ?? new Set();
      this.#blocks.set(piece, blocks.add(offset));
      if (blocks.size * leecher.requestBytes >= pieceLength(geometry, piece)) this.#completed(piece);
    }
    this.#ask();
  }

  #completed(piece: number): void {
    this.#blocks.delete(piece);
    this.#options.own.add(piece);
    this.#say(encodeHave(piece));
    this.#reviewInterest();
    this.#options.completed();
  }

  #ask(): void {
    if (!this.#isUnchoked || !this.#isInterested || !this.#options.isOpen()) return;
    const requests: BlockRequest[] = [];
    for (const block of this.#missing()) {
      if (this.#owed.size >= DEPTH) break;
      if (this.#owed.has(nameOf(block))) continue;
      this.#owed.set(nameOf(block), block);
      requests.push(block);
    }
    if (requests.length === 0) return;
    this.#say(encodeBlockMessages(MessageId.request, requests));
    for (const fault of this.#options.leecher.faults) if (fault.kind === "cancels") this.#cancel(requests, fault.share);
  }

  *#missing(): Iterable<BlockRequest> {
    const { own, leecher, geometry } = this.#options;
    for (const piece of this.#theirs) {
      if (own.has(piece)) continue;
      const lengthBytes = pieceLength(geometry, piece);
      for (let offset = 0; offset < lengthBytes; offset += leecher.requestBytes) {
        if (this.#blocks.get(piece)?.has(offset) === true) continue;
        yield { piece, offset, length: Math.min(leecher.requestBytes, lengthBytes - offset) };
      }
    }
  }

  /** BEP 6: what is cancelled is answered all the same, and counts as asked for until then. */
  #cancel(requests: readonly BlockRequest[], share: number): void {
    const { random } = this.#options;
    const regretted = requests.filter(() => random.next() < share);
    if (regretted.length > 0) this.#say(encodeBlockMessages(MessageId.cancel, regretted));
  }

  #reviewInterest(): void {
    const { own } = this.#options;
    this.#setInterested([...this.#theirs].some((piece) => !own.has(piece)));
  }

  #setInterested(isInterested: boolean): void {
    if (this.#isInterested === isInterested) return;
    this.#isInterested = isInterested;
    this.#say(encodeSignal(isInterested ? MessageId.interested : MessageId.notInterested));
  }

  #misbehave(fault: LeecherFault): void {
    const { random, geometry } = this.#options;
    switch (fault.kind) {
      case "asks-absent":
        return this.#every(fault.everyMs, () => {
          const absent = Array.from({ length: geometry.pieceCount }, (_, piece) => piece).filter(
            (piece) => !this.#theirs.has(piece),
          );
          if (absent.length > 0) this.#request([this.#firstBlock(random.pick(absent))]);
        });
      case "asks-outside":
        return this.#every(fault.everyMs, () => this.#request([random.pick(impossibleRequests(geometry))]));
      case "floods": {
        let bursts = 0;
        return this.#every(fault.everyMs, () => {
          bursts += 1;
          const block = this.#firstBlock(random.int(0, geometry.pieceCount));
          if (bursts <= fault.bursts) this.#request(Array.from({ length: fault.requests }, () => block));
        });
      }
      case "fidgets":
        return this.#every(fault.everyMs, () => this.#setInterested(!this.#isInterested));
      case "repeats":
      case "cancels":
      case "never-reads":
      case "leave":
        // These show when it asks, when it reads, and when it is dialled.
        return;
    }
  }

  /** Asks for the same block as ever, also when it has it. */
  #repeat(untilBytes: number, receivedBytes = 0): void {
    this.#repeatedBytes += receivedBytes;
    const [piece] = this.#theirs;
    if (piece !== undefined && this.#repeatedBytes < untilBytes) this.#request([this.#firstBlock(piece)]);
  }

  #firstBlock(piece: number): BlockRequest {
    const length = Math.min(OLD_CLIENTS_BLOCK_BYTES, pieceLength(this.#options.geometry, piece));
    return { piece, offset: 0, length };
  }

  #request(blocks: readonly BlockRequest[]): void {
    this.#say(encodeBlockMessages(MessageId.request, blocks));
  }

  #say(message: Uint8Array): void {
    this.#lane.send(() => {
      if (this.#options.isOpen()) this.#options.say(message);
    });
  }

  #every(periodMs: number, happen: () => void): void {
    this.#options.clock.setTimer(periodMs, () => {
      if (!this.#options.isOpen()) return;
      happen();
      this.#every(periodMs, happen);
    });
  }
}

function placeIn(message: Uint8Array): Place {
  return { piece: readUint32(message, MESSAGE_HEADER_BYTES), offset: readUint32(message, MESSAGE_HEADER_BYTES + 4) };
}

function nameOf({ piece, offset }: Place): string {
  return `${piece}:${offset}`;
}
