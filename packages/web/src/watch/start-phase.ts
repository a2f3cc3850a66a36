/** What happens between the press and the picture, in this order. */
export const PHASES = ["metadata", "peers", "head", "index", "fragment"] as const;
export type Phase = (typeof PHASES)[number];

export interface StartState {
  /** Of the torrent; undefined while the server has not told of it. */
  readonly torrentState: "metadata" | "ready" | "failed" | undefined;
  readonly connectedPeers: number;
  /** Whether all bytes of the file are there. */
  readonly isWhole: boolean;
  /** Whether it is known what is in the file. */
  readonly isMediaKnown: boolean;
  /** Whether the server has chosen how it plays, and the browser has begun to load it. */
  readonly isOpened: boolean;
}

/** What a film that was asked for waits for. */
export function phaseOf({ torrentState, connectedPeers, isWhole, isMediaKnown, isOpened }: StartState): Phase {
  if (torrentState === undefined || torrentState === "metadata") return "metadata";
  if (isOpened) return "fragment";
  if (connectedPeers === 0 && !isWhole) return "peers";
  return isMediaKnown ? "index" : "head";
}

/** After this long without anybody to download from, something is wrong. */
const NO_PEERS_MS = 30_000;

export interface Loneliness {
  readonly connectedPeers: number;
  readonly isWhole: boolean;
  readonly waitedMs: number;
}

/** Whether it should be said that nobody has the film. */
export function isAlone({ connectedPeers, isWhole, waitedMs }: Loneliness): boolean {
  return connectedPeers === 0 && !isWhole && waitedMs >= NO_PEERS_MS;
}
