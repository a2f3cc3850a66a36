/**
 * `npm test` has the minutes that CI has, and takes one of each kind. `npm run soak -- tests` takes every combination of container, codec and
 * way, and repeats what goes wrong by chance more often.
 */
export const isSoak = process.env["RIPTIDE_SOAK"] === "true";

/** All cases in a soak, else the first and every nth after it: neighbours in a table differ least. */
export function everyNth<Case>(cases: readonly Case[], n: number): readonly Case[] {
  return isSoak ? cases : cases.filter((_, index) => index % n === 0);
}
