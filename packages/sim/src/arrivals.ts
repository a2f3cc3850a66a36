import type { Clock, StreamError } from "@riptide/core";
import type { Random } from "./random.ts";
import type { SimulatedPieceProvider } from "./simulated-piece-provider.ts";
import { type SimulatedSwarmOptions, startSimulatedSwarm } from "./simulated-swarm.ts";

/**
 * How the pieces of a simulated file come:
 * - `complete`: all of them are there from the start.
 * - `manual`: only when a test calls `deliver`.
 * - `scripted`: each at its time, in whatever order.
 * - `swarm`: as fast as a link allows, the most urgent demand first, and nothing that nobody demands.
 */
export type Arrivals =
  | { readonly kind: "complete" }
  | { readonly kind: "manual" }
  | { readonly kind: "scripted"; readonly events: readonly ArrivalEvent[] }
  | ({ readonly kind: "swarm" } & SimulatedSwarmOptions);

/** Something that happens `atMs` after the provider was created: a piece comes, whole or corrupt, or what waits fails. */
export type ArrivalEvent =
  | { readonly atMs: number; readonly piece: number; readonly isCorrupt?: boolean }
  | { readonly atMs: number; readonly failure: StreamError };

/** Lets all pieces of `[start, end)` come in an order drawn from the seed, `intervalMs` apart. */
export function shuffledArrivals(
  random: Random,
  pieces: { readonly start: number; readonly end: number },
  intervalMs: number,
): Arrivals {
  const numbers = Array.from({ length: pieces.end - pieces.start }, (_, index) => pieces.start + index);
  const events = random.shuffle(numbers).map((piece, index) => ({ piece, atMs: (index + 1) * intervalMs }));
  return { kind: "scripted", events };
}

/** Starts to deliver; disposing stops what has not come yet. */
export function startArrivals(provider: SimulatedPieceProvider, clock: Clock, arrivals: Arrivals): Disposable {
  if (arrivals.kind === "swarm") return startSimulatedSwarm(provider, clock, arrivals);
  if (arrivals.kind === "complete") {
    for (let piece = provider.pieces.start; piece < provider.pieces.end; piece += 1) provider.deliver(piece, 0);
  }
  return startScript(provider, clock, arrivals.kind === "scripted" ? arrivals.events : []);
}

function startScript(provider: SimulatedPieceProvider, clock: Clock, events: readonly ArrivalEvent[]): Disposable {
  const timers = events.map((event) => clock.setTimer(event.atMs, () => play(provider, event)));
  return {
    [Symbol.dispose]: () => {
      for (const timer of timers) timer[Symbol.dispose]();
    },
  };
}

function play(provider: SimulatedPieceProvider, event: ArrivalEvent): void {
  if ("failure" in event) provider.fail(event.failure);
  else if (event.isCorrupt === true) provider.deliverCorrupt(event.piece);
  else provider.deliver(event.piece);
}
