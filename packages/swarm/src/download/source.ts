import type { PeerKey } from "./downloader-types.ts";

/** After more good pieces than this a suspect is treated like everybody else again. */
const GOOD_PIECES_TO_CLEAR = 3;

/** Where a block came from: one connection and its record. Outlives the connection, since blame may come late. */
export class Source {
  readonly peer: PeerKey;
  /** Bans are by host: a liar may hold several connections and reconnect at will. */
  readonly host: string;
  isSuspect = false;
  goodPieces = 0;
  badPieces = 0;

  constructor(peer: PeerKey, host: string) {
    this.peer = peer;
    this.host = host;
  }

  notePiece(isGood: boolean): void {
    if (isGood) {
      this.goodPieces += 1;
      if (this.goodPieces > GOOD_PIECES_TO_CLEAR) this.isSuspect = false;
    } else {
      this.badPieces += 1;
      this.isSuspect = true;
    }
  }
}

/** Source of blocks kept from an earlier run: trusted until a hash says no, never banned. */
export const UNKNOWN_SOURCE: Source = new Source(-1, "");
