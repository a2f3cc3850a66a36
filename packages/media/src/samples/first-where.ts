/** The lowest number below `count` for which `isReached` holds, which holds for all above it too; `count` if there is none. */
export function firstWhere(count: number, isReached: (number: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isReached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
