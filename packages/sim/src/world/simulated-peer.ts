import type { Clock } from "@riptide/core";
import type { Random } from "../random.ts";
import { Lane } from "./lane.ts";
import type { SimulatedBlock } from "./torrent-shape.ts";

/** How a peer behaves. Without options: it has everything, answers in order, and rejects as BEP 6 demands. */
export interface SimulatedPeerOptions {
  /** Infinity = at once. */
  readonly bytesPerSecond: number;
  /** One way. */
  readonly latencyMs?: number;
  /** The most that is added to the latency of a message; nothing overtakes. */
  readonly jitterMs?: number;
  /** Begins slower, and gets to its rate in this time. */
  readonly slowStart?: { readonly fromBytesPerSecond: number; readonly durationMs: number };
  /** Default: a host of its own. */
  readonly host?: string;
  /** Takes requests and never answers. */
  readonly isBlackhole?: boolean;
  /** Answers no more once it has sent this much. */
  readonly stallsAfterBytes?: number;
  /** Sends nothing between these times. */
  readonly pauses?: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Sends wrong bytes for these blocks. */
  readonly poisons?: (block: SimulatedBlock) => boolean;
  /** What its wrong bytes differ by, in [1, 255]: those of peers with the same mask agree, as if they had conspired. */
  readonly poisonMask?: number;
  /** Pieces it says it has. */
  readonly has?: (piece: number) => boolean;
  /** Pieces it says it has and does not: requests for them get no answer. */
  readonly liesAbout?: (piece: number) => boolean;
  /** Sends no rejects: not when it chokes, not for cancelled requests. */
  readonly neverRejects?: boolean;
  /** Takes our interest and keeps choking us. */
  readonly neverUnchokes?: boolean;
  /** Chokes and unchokes at these times; still sends what stands first in its queue. */
  readonly chokes?: readonly { readonly fromMs: number; readonly toMs: number; readonly stillSends?: number }[];
  /** Drops requests beyond this many. */
  readonly queueLimit?: number;
  /** When it becomes known and can be connected to. */
  readonly joinsAtMs?: number;
  /** When it breaks its connection off; it comes back after a while, or never. */
  readonly leavesAtMs?: number;
  readonly returnsAfterMs?: number;
}

/** Whether it has broken its connection off and cannot be reached. */
export function isAway({ leavesAtMs, returnsAfterMs }: SimulatedPeerOptions, nowMs: number): boolean {
  if (leavesAtMs === undefined || nowMs < leavesAtMs) return false;
  return returnsAfterMs === undefined || nowMs < leavesAtMs + returnsAfterMs;
}

/** What the near end of the connection hears, each message when it arrives there. */
export interface SimulatedPeerListener {
  unchoked(): void;
  choked(): void;
  rejected(block: SimulatedBlock): void;
  /** The first byte of a block arrives now; `delivered` follows with its last. */
  delivering(block: SimulatedBlock): void;
  /** `wrongBy` is 0 if the block's bytes are right, else what its first byte differs by. */
  delivered(wrongBy: number): void;
}

export interface SimulatedPeerHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: SimulatedPeerListener;
}

/** The far end of one connection, in virtual time, block by block; what carries its messages is the listener's affair. */
export class SimulatedPeer {
  readonly options: SimulatedPeerOptions;
  sentBytes = 0;
  receivedRequests = 0;
  /** Requests for a block that it was about to send anyway. */
  repeatedRequests = 0;
  readonly #host: SimulatedPeerHost;
  readonly #bornMs: number;
  readonly #toUs: Lane;
  readonly #toPeer: Lane;
  readonly #queue: SimulatedBlock[] = [];
  /** What it still sends although it chokes us: we may ask for that again. */
  #parting: readonly SimulatedBlock[] = [];
  #isSending = false;
  #isChoking = true;
  #isClosed = false;
  #isHealed = false;

  constructor(options: SimulatedPeerOptions, host: SimulatedPeerHost) {
    this.options = options;
    this.#host = host;
    this.#bornMs = host.clock.nowMs();
    const { latencyMs = 0, jitterMs = 0 } = options;
    this.#toUs = new Lane({ ...host, latencyMs, jitterMs });
    this.#toPeer = new Lane({ ...host, latencyMs, jitterMs });
    for (const { fromMs, toMs, stillSends = 0 } of options.chokes ?? []) {
      this.#at(fromMs, () => this.#choke(stillSends));
      this.#at(toMs, () => this.unchoke());
    }
    for (const { toMs } of options.pauses ?? []) this.#at(toMs, () => this.#send());
  }

  get latencyMs(): number {
    return this.options.latencyMs ?? 0;
  }

  get roundTripMs(): number {
    return 2 * this.latencyMs;
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
  }

  /** From now on it is honest, and answers whatever it gets and whatever lies in its queue. */
  heal(): void {
    this.#isHealed = true;
    this.unchoke();
    this.#send();
  }

  unchoke(): void {
    if (this.#isClosed || (this.options.neverUnchokes === true && !this.#isHealed)) return;
    this.#isChoking = false;
    this.#tell(() => this.#host.listener.unchoked());
  }

  request(blocks: readonly SimulatedBlock[]): void {
    this.#toPeer.send(() => {
      for (const block of blocks) this.#take(block);
      this.#send();
    });
  }

  cancel(blocks: readonly SimulatedBlock[]): void {
    this.#toPeer.send(() => {
      for (const { piece, offset } of blocks) {
        const queued = this.#queue.filter((other) => other.piece === piece && other.offset === offset);
        for (const block of queued) {
          this.#queue.splice(this.#queue.indexOf(block), 1);
          this.#reject(block);
        }
      }
    });
  }

  #take(block: SimulatedBlock): void {
    this.receivedRequests += 1;
    if (this.#isClosed) return;
    if (this.#owes(block)) this.repeatedRequests += 1;
    const { liesAbout, queueLimit = Number.POSITIVE_INFINITY } = this.options;
    if (this.#isChoking) this.#reject(block);
    else if (this.#isHealed) this.#queue.push(block);
    else if (this.#queue.length < queueLimit && liesAbout?.(block.piece) !== true) this.#queue.push(block);
  }

  #owes({ piece, offset }: SimulatedBlock): boolean {
    return this.#queue.some(
      (queued) => queued.piece === piece && queued.offset === offset && !this.#parting.includes(queued),
    );
  }

  #send(): void {
    if (this.#isSending || this.#isClosed || this.#isMute()) return;
    const block = this.#queue.shift();
    if (block === undefined) return;
    const { poisons, poisonMask = 1 } = this.options;
    const { clock, listener } = this.#host;
    const wrongBy = !this.#isHealed && poisons?.(block) === true ? poisonMask : 0;
    this.#isSending = true;
    this.#tell(() => listener.delivering(block));
    clock.setTimer((block.length / this.#rateNow()) * 1000, () => {
      this.#isSending = false;
      if (this.#isClosed) return;
      this.sentBytes += block.length;
      this.#tell(() => listener.delivered(wrongBy));
      this.#send();
    });
  }

  #isMute(): boolean {
    if (this.#isHealed) return false;
    const { isBlackhole = false, stallsAfterBytes = Number.POSITIVE_INFINITY, pauses = [] } = this.options;
    const nowMs = this.#host.clock.nowMs();
    const isPaused = pauses.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs);
    return isBlackhole || isPaused || this.sentBytes >= stallsAfterBytes;
  }

  #rateNow(): number {
    const { bytesPerSecond, slowStart } = this.options;
    if (slowStart === undefined) return bytesPerSecond;
    const share = Math.min(1, (this.#host.clock.nowMs() - this.#bornMs) / slowStart.durationMs);
    const { fromBytesPerSecond } = slowStart;
    return Math.min(bytesPerSecond, fromBytesPerSecond + share * (bytesPerSecond - fromBytesPerSecond));
  }

  #choke(stillSends: number): void {
    if (this.#isClosed || this.#isHealed) return;
    this.#isChoking = true;
    for (const block of this.#queue.splice(stillSends)) this.#reject(block);
    this.#parting = [...this.#queue];
    this.#tell(() => this.#host.listener.choked());
  }

  #reject(block: SimulatedBlock): void {
    if (this.options.neverRejects !== true) this.#tell(() => this.#host.listener.rejected(block));
  }

  #tell(message: () => void): void {
    this.#toUs.send(() => {
      if (!this.#isClosed) message();
    });
  }

  /** Only what lies ahead: a peer that came back has its old troubles behind it. */
  #at(atMs: number, happen: () => void): void {
    const delayMs = atMs - this.#host.clock.nowMs();
    if (delayMs >= 0) this.#host.clock.setTimer(delayMs, happen);
  }
}
