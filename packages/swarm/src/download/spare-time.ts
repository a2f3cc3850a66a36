import { recallPiece } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import { type ChosenFile, type SparePolicy, sparePieces } from "./spare.ts";

/** Few pieces at once: they hold memory, and pieces that are only begun are of no use to anybody. */
const MAX_SPARE_PIECES = 8;
const MEMORY_SHARE = 1 / 4;
/** The place of the spare work among the readers, and its deadlines: behind all others. */
const SPARE_READER = -2;
const SPARE_DUE_MS = Number.MAX_SAFE_INTEGER / 2;

/**
 * Work for the time in which readers have all that they ask for: their windows come first, strictly, since where our own line
 * is what limits us a spare block would delay theirs. So there is spare work only while no reader lacks anything.
 */
export class SpareTime {
  readonly #state: DownloadState;
  readonly #isVerified: (piece: number) => boolean;
  #policy: SparePolicy = "nothing";
  #files: readonly ChosenFile[] = [];
  #planned: readonly number[] = [];

  constructor(state: DownloadState, isVerified: (piece: number) => boolean) {
    this.#state = state;
    this.#isVerified = isVerified;
  }

  choose(policy: SparePolicy, files: readonly ChosenFile[]): void {
    this.#policy = policy;
    this.#files = files;
    this.#planned = [];
  }

  /** If no reader lacks anything: sees to it that as much is wanted as may be. True if something new is. */
  use(): boolean {
    const state = this.#state;
    const { order, pieces, availability } = state;
    const isTime = this.#policy !== "nothing" && !state.isPaused && (state.isSpareTime || order.isEmpty);
    if (!isTime) return false;
    const limit = Math.max(1, Math.min(MAX_SPARE_PIECES, Math.floor(pieces.capacity * MEMORY_SHARE)));
    const isGoing = (piece: number): boolean => order.isWanted(piece) && availability.count(piece) > 0;
    if (this.#planned.length === limit && this.#planned.every(isGoing)) return false;
    const chosen = sparePieces(this.#policy, this.#files, {
      limit,
      isMissing: (piece) => !this.#isVerified(piece) && pieces.get(piece)?.phase !== "storing",
      isBegun: (piece) => pieces.get(piece) !== undefined,
      availability: (piece) => availability.count(piece),
    });
    const isNew = chosen.some((piece) => !order.isWanted(piece));
    if (!isNew && chosen.length > 0) return false;
    state.isSpareTime = chosen.length > 0;
    this.#planned = chosen;
    const deadlines = chosen.map((piece, place) => [piece, SPARE_DUE_MS + place] as const);
    const dropped = order.setReader(SPARE_READER, state.isSpareTime ? deadlines : null, this.#isVerified);
    for (const piece of dropped) recallPiece(state, piece);
    return isNew;
  }

  /** A reader lacks something: nothing of this is wanted any more. True if anything was; its requests are to be taken back. */
  end(): boolean {
    const wasSpareTime = this.#state.isSpareTime;
    this.#state.isSpareTime = false;
    if (wasSpareTime) this.#state.order.setReader(SPARE_READER, null, this.#isVerified);
    return wasSpareTime;
  }
}
