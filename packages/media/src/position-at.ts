/**
 * The position of the last item that starts at or before `timeSeconds`, by binary search in items sorted by their start; 0 where
 * all of them start later, and where there are none.
 */
export function positionAt<Item>(
  items: readonly Item[],
  startSecondsOf: (item: Item) => number,
  timeSeconds: number,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startSecondsOf(items[middle]!) <= timeSeconds) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
