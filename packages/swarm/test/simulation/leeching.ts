import type { ScenarioLeecher, SimulatedPeerOptions, VirtualClock } from "@riptide/sim";
import type { TorrentGeometry } from "../../src/types.ts";
import type { Pace } from "./simulated-socket.ts";

/** Somebody who downloads from us, over all of its connections. */
export interface Leeching {
  readonly leecher: ScenarioLeecher;
  /** Pieces that it has. */
  readonly own: Set<number>;
  /** It has one piece more. */
  readonly completed: () => void;
  /** What it got is wrong. */
  readonly fail: (problem: string) => void;
}

export function startLeeching(
  leecher: ScenarioLeecher,
  { pieceCount }: TorrentGeometry,
  listener: Pick<Leeching, "completed" | "fail">,
): Leeching {
  const { hasEvery } = leecher;
  const pieces = Array.from({ length: pieceCount }, (_, piece) => piece);
  return { leecher, own: new Set(pieces.filter((piece) => hasEvery > 0 && piece % hasEvery === 0)), ...listener };
}

/** How it gives what it has. */
export function givingBehaviour({ leecher, own }: Leeching): SimulatedPeerOptions {
  const { host, bytesPerSecond, latencyMs, jitterMs, joinsAtMs, hasEvery, faults } = leecher;
  const leaving = faults.find((fault) => fault.kind === "leave");
  return {
    host,
    bytesPerSecond,
    latencyMs,
    jitterMs,
    joinsAtMs,
    has: (piece) => own.has(piece),
    neverUnchokes: hasEvery === 0,
    ...(leaving && { leavesAtMs: leaving.atMs, returnsAfterMs: leaving.returnsAfterMs }),
  };
}

/** How it takes what it gets. */
export function takingPace({ leecher }: Leeching, clock: VirtualClock): Pace {
  const stop = leecher.faults.find((fault) => fault.kind === "never-reads");
  return {
    clock,
    bytesPerSecond: leecher.takesBytesPerSecond,
    maxBytes: stop?.afterBytes ?? Number.POSITIVE_INFINITY,
  };
}
