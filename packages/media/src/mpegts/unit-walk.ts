import type { StreamCursor } from "../stream-cursor.ts";
import {
  isInStep,
  nextInStep,
  PACKET_LENGTH_BYTES,
  type PacketLayout,
  parsePacket,
  pidAt,
  RESYNCS_REQUIRED,
} from "./packets.ts";
import { type PesUnit, UnitAssembler } from "./unit-assembler.ts";

/** The PIDs that are walked, and whether each carries pictures. */
export type WalkedPids = ReadonlyMap<number, { readonly isPicture: boolean }>;

/** Searched at once for the next packets in step: more than three strides, so that few windows are put together for it. */
const RESYNC_WINDOW_BYTES = 16 * 1024;

/** Walks through transport packets as their bytes come, and puts the PES packets of some PIDs together. */
export class UnitWalk {
  readonly #layout: PacketLayout;
  readonly #assemblers: ReadonlyMap<number, UnitAssembler>;
  #units: PesUnit[] = [];

  constructor(layout: PacketLayout, pids: WalkedPids) {
    this.#layout = layout;
    this.#assemblers = new Map(
      [...pids].map(([pid, { isPicture }]) => [pid, new UnitAssembler(pid, isPicture)] as const),
    );
  }

  /** Takes what the window of the cursor holds, but for a rest; says how long it should be to go on. */
  run(cursor: StreamCursor): number {
    const { strideBytes } = this.#layout;
    for (;;) {
      this.#runInStep(cursor);
      if (cursor.heldBytes < strideBytes) return strideBytes;
      const from = cursor.position;
      const to = Math.max(from, cursor.bytes.length - RESYNCS_REQUIRED * strideBytes + 1);
      const next = nextInStep(cursor.bytes, this.#layout, from, to);
      cursor.skip(next - from);
      if (next === to) return RESYNC_WINDOW_BYTES;
    }
  }

  /** The units that have become whole since the last call, in the order in which they did. */
  takeUnits(): PesUnit[] {
    const units = this.#units;
    this.#units = [];
    return units;
  }

  /** No packet of the PID follows: the unit that this completes, if it has one. */
  finish(pid: number): PesUnit[] {
    return this.#assemblers.get(pid)?.finish() ?? [];
  }

  /** Where the PES packet of the PID starts that is put together; undefined between two. */
  openOffsetBytes(pid: number): number | undefined {
    return this.#assemblers.get(pid)?.openOffsetBytes;
  }

  #runInStep(cursor: StreamCursor): void {
    const { bytes, position, offsetBytes } = cursor;
    const { strideBytes, packetOffset } = this.#layout;
    let at = position;
    for (; at + strideBytes <= bytes.length && isInStep(bytes, this.#layout, at, 1); at += strideBytes) {
      const start = at + packetOffset;
      const assembler = this.#assemblers.get(pidAt(bytes, start));
      if (assembler === undefined) continue;
      const packet = parsePacket(bytes.subarray(start, start + PACKET_LENGTH_BYTES));
      if (packet !== undefined) this.#units.push(...assembler.push(packet, offsetBytes + at - position));
    }
    cursor.skip(at - position);
  }
}
