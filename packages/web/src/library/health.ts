import type { Torrent, Viewing } from "@riptide/http";

/** How what the swarm gives compares with what the film that is watched needs, in bytes a second. */
export interface Health {
  readonly isEnough: boolean;
  readonly givenBytesPerSecond: number;
  readonly neededBytesPerSecond: number;
}

/** Rates go up and down by this much around what a player takes that has all it needs. */
const ENOUGH_SHARE = 0.8;

/**
 * Undefined where nothing can be said: nobody waits for bytes of the torrent, or how long its film is was never told. The film is
 * the one that was watched last; its need is its mean rate.
 */
export function healthOf(torrent: Torrent, viewings: readonly Viewing[]): Health | undefined {
  if (torrent.activeDemands === 0) return undefined;
  for (const { infoHash, index, durationSeconds } of viewings) {
    if (infoHash !== torrent.infoHash || durationSeconds === undefined || durationSeconds === 0) continue;
    const file = torrent.files.find((each) => each.index === index);
    if (file === undefined || file.verifiedBytes === file.length) return undefined;
    const givenBytesPerSecond = torrent.downloadBytesPerSecond;
    const neededBytesPerSecond = file.length / durationSeconds;
    const isEnough = givenBytesPerSecond >= neededBytesPerSecond * ENOUGH_SHARE;
    return { isEnough, givenBytesPerSecond, neededBytesPerSecond };
  }
  return undefined;
}
