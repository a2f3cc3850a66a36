/** Enough without a limit to be worth each one's while. */
const UNLIMITED_SLOTS = 4;
const MIN_SLOTS = 2;
const MAX_SLOTS = 30;
/** What one peer should get at least: less is not worth its slot, and its neighbours starve with it. */
const BYTES_PER_SECOND_PER_SLOT = 16 * 1024;

/**
 * How many peers are sent to at once, the optimistic one included: under a low limit few get something worth having, under a high one more
 * than four are needed to use it.
 */
export function uploadSlotCount(limitBytesPerSecond: number | undefined): number {
  if (limitBytesPerSecond === undefined) return UNLIMITED_SLOTS;
  const worthwhile = Math.floor(limitBytesPerSecond / BYTES_PER_SECOND_PER_SLOT);
  // As the mainline client does: the more there is, the more each one gets.
  const shared = Math.floor(Math.sqrt((limitBytesPerSecond / 1024) * 0.6));
  return Math.min(MAX_SLOTS, Math.max(MIN_SLOTS, Math.min(worthwhile, Math.max(UNLIMITED_SLOTS, shared))));
}
