/** More slips than this are another word. */
const SLIPS_MAX = 2;

/** The word that was probably meant: begins or ends like the typed one, or is a slip or two away. Undefined if none is near. */
export function nearestWord(typed: string, words: readonly string[]): string | undefined {
  const part = words.filter((word) => typed.length > 1 && (word.startsWith(typed) || word.endsWith(`-${typed}`)));
  if (part.length === 1) return part[0];
  const slips = words.map((word) => ({ word, count: countSlips(typed, word) }));
  const [nearest] = slips.sort((left, right) => left.count - right.count);
  return nearest !== undefined && nearest.count <= SLIPS_MAX ? nearest.word : undefined;
}

/** Letters to add, drop, change or swap with their neighbour (Damerau's distance, optimal string alignment). */
function countSlips(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? beforePrevious[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length]!;
}
