import type { SimulatedPeerOptions } from "./simulated-peer.ts";
import type { SimulatedBlock } from "./torrent-shape.ts";

/** What is wrong with a peer. */
export type PeerFault =
  | { readonly kind: "blackhole" }
  | { readonly kind: "stall"; readonly afterBytes: number }
  | { readonly kind: "pause"; readonly fromMs: number; readonly toMs: number }
  /** Wrong bytes in every so manieth block; peers with the same mask conspire. */
  | { readonly kind: "poison"; readonly every: number; readonly mask: number }
  /** It says that it has everything, and lacks every so manieth piece. */
  | { readonly kind: "lie"; readonly every: number }
  /** It has only every so manieth piece, and says so. */
  | { readonly kind: "partial"; readonly every: number }
  | { readonly kind: "choke"; readonly fromMs: number; readonly toMs: number; readonly stillSends: number }
  | { readonly kind: "never-unchoke" }
  | { readonly kind: "no-rejects" }
  | { readonly kind: "slow-start"; readonly fromBytesPerSecond: number; readonly durationMs: number }
  | { readonly kind: "lose-requests"; readonly keeps: number }
  /** Without `returnsAfterMs` it comes back only when all is healed. */
  | { readonly kind: "leave"; readonly atMs: number; readonly returnsAfterMs?: number };

export interface ScenarioPeer {
  readonly host: string;
  readonly bytesPerSecond: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly joinsAtMs: number;
  readonly faults: readonly PeerFault[];
}

/** What somebody who watches does. A reader that reads elsewhere seeks. */
export type ReaderAction =
  | { readonly atMs: number; readonly reader: number; readonly kind: "read"; readonly offsetBytes: number }
  | { readonly atMs: number; readonly reader: number; readonly kind: "stop" };

/** A disk on which not all of the torrent can be kept. */
export interface ScenarioDisk {
  /** What may be kept: `--max-disk`. */
  readonly maxBytes: number;
  /** How long it takes to give pieces back. */
  readonly evictMs: number;
  /** How long it takes for a read. */
  readonly readMs: number;
  /** How long what one thread tells the other is on its way. */
  readonly messageMs: number;
  /** So many films of about the same length. */
  readonly fileCount: number;
  /** When others fill the disk, and how much they leave to the torrent. */
  readonly squeezes: readonly { readonly fromMs: number; readonly toMs: number; readonly leftBytes: number }[];
}

/**
 * Everything that happens in one run, as plain data: it follows from the seed, can be printed, and can be made smaller.
 * At `troubleEndsMs` all is healed.
 */
export interface SwarmScenario {
  readonly seed: number;
  readonly sizeBytes: number;
  readonly pieceLengthBytes: number;
  /** The first one has every piece and never lies, so that healing is enough to finish. */
  readonly peers: readonly ScenarioPeer[];
  readonly actions: readonly ReaderAction[];
  /** What a reader wants in front of what it reads. */
  readonly windowBytes: number;
  /** When the user lets the download rest. */
  readonly rests: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** When the disk takes nothing. */
  readonly diskFaults: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** How long the disk takes for a piece. */
  readonly writeMs: number;
  /** All of the torrent is kept unless given. */
  readonly disk?: ScenarioDisk;
  readonly troubleEndsMs: number;
}

/** How a peer of a scenario behaves. */
export function behaviourOf(peer: ScenarioPeer): SimulatedPeerOptions {
  const { host, bytesPerSecond, latencyMs, jitterMs, joinsAtMs, faults } = peer;
  const parts = faults.map(behaviourOfFault);
  const { pauses, chokes } = {
    pauses: parts.flatMap((part) => part.pauses ?? []),
    chokes: parts.flatMap((part) => part.chokes ?? []),
  };
  return Object.assign({ host, bytesPerSecond, latencyMs, jitterMs, joinsAtMs }, ...parts, { pauses, chokes });
}

/** Whether the peer may send wrong bytes. */
export function isPoisoner(peer: ScenarioPeer): boolean {
  return peer.faults.some(({ kind }) => kind === "poison");
}

function behaviourOfFault(fault: PeerFault): Partial<SimulatedPeerOptions> {
  switch (fault.kind) {
    case "blackhole":
      return { isBlackhole: true };
    case "stall":
      return { stallsAfterBytes: fault.afterBytes };
    case "pause":
      return { pauses: [fault] };
    case "poison":
      return { poisons: (block) => isEvery(fault.every, block), poisonMask: fault.mask };
    case "lie":
      return { liesAbout: (piece) => piece % fault.every === 0 };
    case "partial":
      return { has: (piece) => piece % fault.every === 0 };
    case "choke":
      return { chokes: [fault] };
    case "never-unchoke":
      return { neverUnchokes: true };
    case "no-rejects":
      return { neverRejects: true };
    case "slow-start":
      return { slowStart: fault };
    case "lose-requests":
      return { queueLimit: fault.keeps };
    case "leave":
      return {
        leavesAtMs: fault.atMs,
        ...(fault.returnsAfterMs === undefined ? {} : { returnsAfterMs: fault.returnsAfterMs }),
      };
  }
}

function isEvery(every: number, { piece, offset }: SimulatedBlock): boolean {
  return (piece + offset / 16_384) % every === 0;
}
