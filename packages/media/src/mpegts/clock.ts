/** Ticks per second of PTS and DTS (ISO/IEC 13818-1 §2.4.3.7). */
export const CLOCK_HZ = 90_000;

/** They have 33 bits: after 26.5 hours they begin again at 0. */
const WRAP_TICKS = 2 ** 33;

/**
 * How much earlier than its origin a film's times may be, rather than later by nearly a whole turn: 100 minutes. All times of a
 * film are told from its origin so, by their value alone, wherever it is entered; films of up to 24.8 hours are.
 */
const EARLIER_TICKS = 2 ** 29;

/** The time from `originTicks` to `ticks`, in ticks. */
export function ticksSince(originTicks: number, ticks: number): number {
  const turned = (ticks - originTicks + EARLIER_TICKS + WRAP_TICKS) % WRAP_TICKS;
  return turned - EARLIER_TICKS;
}
