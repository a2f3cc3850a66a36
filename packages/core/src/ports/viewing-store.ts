/** How far somebody has come in one file, and what they had chosen. */
export interface Viewing {
  /** 40 lower-case hex digits. */
  readonly infoHash: string;
  readonly index: number;
  readonly positionSeconds: number;
  readonly durationSeconds?: number | undefined;
  /** Wall-clock time, milliseconds since 1970. */
  readonly watchedAtMs: number;
  /** Index of the chosen sound track. */
  readonly audio?: number | undefined;
  /** The chosen subtitle, by a name that means something to the page only. Untrusted text. */
  readonly subtitle?: string | undefined;
}

export type ViewingEvent =
  | { readonly type: "viewing"; readonly viewing: Viewing }
  | { readonly type: "viewingRemoved"; readonly infoHash: string; readonly index: number };

/**
 * Where viewers stopped, one viewing for each file: the latest. Bounded: the oldest makes way.
 *
 * Implementations: `RecentViewings` (in memory) and `swarm/` (in the data folder). Both run the conformance suite
 * `viewingStoreConformance` of `sim/`.
 */
export interface ViewingStore {
  /** The one recorded last comes first. */
  list(): readonly Viewing[];
  /** Takes the place of what was recorded of the file before. Returns it as it is listed, with the time of now. */
  record(viewing: Omit<Viewing, "watchedAtMs">): Viewing;
  /** Forgets what was recorded of one file, or without an index of all files of a torrent. Returns how many these were. */
  forget(infoHash: string, index?: number): number;
  /** Calls `listener` on every change until disposed. */
  subscribe(listener: (event: ViewingEvent) => void): Disposable;
}
