import type { SwarmScenario } from "./swarm-scenario.ts";

/** What is wrong with somebody who downloads from us. */
export type LeecherFault =
  /** Asks for pieces that we never said we have. */
  | { readonly kind: "asks-absent"; readonly everyMs: number }
  /** Asks for what no torrent has: nothing, too much, behind the end of a piece or of the torrent. */
  | { readonly kind: "asks-outside"; readonly everyMs: number }
  /** Asks for many blocks at once, choked or not. */
  | { readonly kind: "floods"; readonly requests: number; readonly everyMs: number; readonly bursts: number }
  /** Asks for one block as many times at once, and again for each that comes, until it has had enough. */
  | { readonly kind: "repeats"; readonly requests: number; readonly untilBytes: number }
  /** Takes back this share of its requests. */
  | { readonly kind: "cancels"; readonly share: number }
  /** Takes this much off its connection, and then nothing any more. */
  | { readonly kind: "never-reads"; readonly afterBytes: number }
  /** Is interested, and not, and again. */
  | { readonly kind: "fidgets"; readonly everyMs: number }
  | { readonly kind: "leave"; readonly atMs: number; readonly returnsAfterMs: number };

/** Somebody who downloads what we have, and gives what it has itself. */
export interface ScenarioLeecher {
  readonly host: string;
  /** What it gives. */
  readonly bytesPerSecond: number;
  readonly takesBytesPerSecond: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly joinsAtMs: number;
  /** It has every so manieth piece from the start; 0 = none, and it unchokes nobody. */
  readonly hasEvery: number;
  /** How much it asks for at once. */
  readonly requestBytes: number;
  readonly faults: readonly LeecherFault[];
}

/** What is wrong with a web seed. */
export type WebSeedFault =
  /** Takes no connections. */
  | { readonly kind: "refuses"; readonly fromMs: number; readonly toMs: number }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly retryAfterSeconds: number;
      readonly fromMs: number;
      readonly toMs: number;
    }
  /** Sends no more once it has sent this much. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** Hangs up in the middle of every so manieth answer, as if that were its end. */
  | { readonly kind: "cuts"; readonly every: number }
  /** Sends the whole file whatever it is asked for. */
  | { readonly kind: "ignores-range" }
  /** Has another file, of another length. */
  | { readonly kind: "other-length" }
  /** Sends on behind what it was asked for, for ever. */
  | { readonly kind: "endless" }
  /** Wrong bytes in every so manieth block. */
  | { readonly kind: "poison"; readonly every: number };

export interface ScenarioWebSeed {
  readonly bytesPerSecond: number;
  readonly latencyMs: number;
  readonly faults: readonly WebSeedFault[];
}

/** What a run of a whole session has on top of one of the scheduler alone. */
export interface SessionScenario extends SwarmScenario {
  readonly leechers: readonly ScenarioLeecher[];
  readonly webSeeds: readonly ScenarioWebSeed[];
  /** Undefined = no limit. */
  readonly uploadBytesPerSecond?: number;
  /** All peers are gone when all is healed: the first web seed, which is honest, must do. */
  readonly webSeedFinishes: boolean;
}

const HONEST_LEECHER_KINDS: readonly LeecherFault["kind"][] = ["cancels", "leave"];
/** Faults that are over once they are healed: the others leave the web seed banned, or its file absent. */
const PASSING_WEB_SEED_KINDS: readonly WebSeedFault["kind"][] = ["refuses", "status", "stall", "cuts", "endless"];

/** Whether it must get all that we have in the end. */
export function isHonestLeecher({ faults }: ScenarioLeecher): boolean {
  return faults.every(({ kind }) => HONEST_LEECHER_KINDS.includes(kind));
}

/** Whether it may send wrong bytes: also if it has another file, and no header tells how long that is. */
export function isLyingWebSeed({ faults }: ScenarioWebSeed): boolean {
  const has = (kind: WebSeedFault["kind"]): boolean => faults.some((fault) => fault.kind === kind);
  return has("poison") || (has("other-length") && has("ignores-range") && (has("endless") || has("cuts")));
}

/** Whether it gives everything once it is healed. */
export function recovers({ faults }: ScenarioWebSeed): boolean {
  return faults.every(
    (fault) => PASSING_WEB_SEED_KINDS.includes(fault.kind) && !(fault.kind === "status" && fault.status === 404),
  );
}
