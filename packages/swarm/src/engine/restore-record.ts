import { RiptideError, StreamError } from "@riptide/core";
import { parseInfoDictionary } from "../metainfo/index.ts";
import type { StoredTorrent } from "../storage/index.ts";
import type { Intake } from "./source-intake.ts";
import type { TorrentRecord } from "./torrent-record.ts";

/** What a record begins with: a source, or what was stored of one. */
export type RecordSource = Omit<Intake, "webSeeds" | "isLocal"> & Partial<Intake & Pick<StoredTorrent, "provenPeers">>;

/** The record of a torrent that was stored. One that is refused by now, as an earlier version took it, has failed: the others still play. */
export function restoreRecord(stored: StoredTorrent, create: (source: RecordSource) => TorrentRecord): TorrentRecord {
  try {
    const metainfo = stored.infoBytes === undefined ? undefined : parseInfoDictionary(stored.infoBytes);
    return create({ ...stored, metainfo });
  } catch (error) {
    if (!(error instanceof RiptideError)) throw error;
    const record = create({ ...stored, metainfo: undefined });
    record.fail(new StreamError(error.code, error.message, { cause: error }));
    return record;
  }
}
