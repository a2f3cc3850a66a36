import { parseTorrentFile } from "@riptide/swarm";
import { type BencodeInput, encodeBencode } from "../../packages/swarm/src/metainfo/bencode.ts";

/** The same torrent with web seeds of its own (BEP 19). */
export function withWebSeeds(torrentFile: Uint8Array, ...urls: readonly string[]): Uint8Array {
  return withFields(torrentFile, { "url-list": [...urls] });
}

/** The same torrent with more around its info dictionary: `url-list` names web seeds (BEP 19). */
function withFields(torrentFile: Uint8Array, fields: Readonly<Record<string, BencodeInput>>): Uint8Array {
  const info = Buffer.from(parseTorrentFile(torrentFile).infoBytes);
  const rest = Buffer.from(encodeBencode(fields)).subarray(1, -1);
  // Keys must be sorted: only those that stand behind "info" may be added.
  return Buffer.concat([Buffer.from("d4:info"), info, rest, Buffer.from("e")]);
}
