import type { Clock, PhaseTimings, StreamPhase } from "@riptide/core";

/** The phases of one response, and how long it took altogether. */
export interface Timings extends PhaseTimings {
  /** Milliseconds by phase, in the order in which they were first recorded. */
  readonly phases: ReadonlyMap<StreamPhase, number>;
  /** Milliseconds since the timings were created. */
  totalMs(): number;
}

/** Starts to measure; create it when the request comes in. */
export function createTimings(clock: Clock): Timings {
  const startMs = clock.nowMs();
  const phases = new Map<StreamPhase, number>();
  return {
    phases,
    record(phase, durationMs) {
      phases.set(phase, (phases.get(phase) ?? 0) + durationMs);
    },
    totalMs: () => clock.nowMs() - startMs,
  };
}

/** The value of a `Server-Timing` header (W3C Server Timing §3): `head;dur=12.5, index;dur=3, total;dur=16`. */
export function serverTiming(timings: Timings): string {
  return [...timings.phases, ["total", timings.totalMs()] as const]
    .map(([name, durationMs]) => `${name};dur=${Math.round(durationMs * 10) / 10}`)
    .join(", ");
}
