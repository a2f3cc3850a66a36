import { createHash } from "node:crypto";
import { SourceError } from "@riptide/core";
import type { TorrentGeometry } from "../types.ts";
import { type BencodeDictionary, BencodeError, decodeBencode, decodeBencodeEntries } from "./bencode.ts";
import { checkHybrid } from "./hybrid.ts";
import { invalidTorrent, isDictionary, textOf } from "./torrent-fields.ts";
import { readFiles, type TorrentFile } from "./torrent-files.ts";
import { readTrackers, readWebSeeds } from "./torrent-urls.ts";

/** A .torrent file and a peer's metadata may be this large (libtorrent's limit for files). */
export const MAX_METAINFO_BYTES = 10_000_000;

/** 100,000 files at ten tokens each; a third of what any bencoding may have, as each token costs about 150 bytes here. */
const MAX_METAINFO_TOKENS = 1_000_000;

const METAINFO_LIMITS = { maxInputBytes: MAX_METAINFO_BYTES, maxTokens: MAX_METAINFO_TOKENS };

/** Smaller pieces are smaller than one request; BEP 52 and all clients draw the same line. */
const MIN_PIECE_LENGTH_BYTES = 16 * 1024;

/** libtorrent's limit: a piece is held in memory until it is verified. */
const MAX_PIECE_LENGTH_BYTES = 512 * 1024 * 1024;

/** BEP 3: "pieces maps to a string whose length is a multiple of 20", one SHA-1 each. */
const PIECE_HASH_BYTES = 20;

/** Everything that a .torrent file or a peer's metadata says, checked. */
export interface Metainfo extends TorrentGeometry {
  /** SHA-1 of `infoBytes` as 40 lower-case hex digits (BEP 3). */
  readonly infoHash: string;
  /** The info dictionary as it came: what peers are sent when they ask for metadata (BEP 9). */
  readonly infoBytes: Uint8Array;
  /** As the torrent spells it, or the info hash where it spells nothing. Untrusted text. */
  readonly name: string;
  /** 20 bytes of SHA-1 for each piece. */
  readonly pieceHashes: Uint8Array;
  /** In the order of the torrent, padding files included, so that `files[n].index === n`. */
  readonly files: readonly TorrentFile[];
  /** Its files lie in a folder of its name; otherwise it is one file (BEP 3 "length" in place of "files"). */
  readonly hasFolder: boolean;
  /** BEP 27: peers may come from the trackers only. */
  readonly isPrivate: boolean;
  /** Tiers of http, https and udp URLs, each URL once (BEP 12). Empty for metadata from peers. */
  readonly trackers: readonly (readonly string[])[];
  /** http and https URLs (BEP 19); those of a torrent with several files end in `/`. Empty for metadata from peers. */
  readonly webSeeds: readonly string[];
}

/**
 * Reads a .torrent file. Throws `SourceError` `bad_torrent` for what is damaged, hostile or past a limit, and `unsupported_v2` for a torrent
 * without a v1 half. Hybrid torrents are read as v1. Bytes after the dictionary are ignored, as other clients do. The result keeps copies,
 * not the file.
 */
export function parseTorrentFile(bytes: Uint8Array): Metainfo {
  const { entries } = decoding(() => decodeBencodeEntries(bytes, METAINFO_LIMITS));
  const info = entries.get("info");
  if (info === undefined || !isDictionary(info.value)) throw invalidTorrent("it has no info dictionary");
  const base = readInfo(info.value, info.raw);
  return {
    ...base,
    trackers: readTrackers(entries.get("announce")?.value, entries.get("announce-list")?.value),
    webSeeds: readWebSeeds(entries.get("url-list")?.value, info.value.has("files")),
  };
}

/** Reads the info dictionary that peers sent (BEP 9), with the errors of `parseTorrentFile`. The caller compares the info hash. */
export function parseInfoDictionary(infoBytes: Uint8Array): Metainfo {
  const info = decoding(() => decodeBencode(infoBytes, METAINFO_LIMITS));
  if (!isDictionary(info)) throw invalidTorrent("its metadata is no dictionary");
  return readInfo(info, infoBytes);
}

function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof BencodeError) throw invalidTorrent("it is damaged, or no torrent at all", error);
    throw error;
  }
}

function readInfo(info: BencodeDictionary, raw: Uint8Array): Metainfo {
  const isV2 = info.has("meta version") || info.has("file tree");
  if (isV2 && !info.has("pieces")) {
    throw new SourceError(
      "unsupported_v2",
      "This is a BitTorrent v2 torrent; Riptide plays v1 and hybrid torrents so far.",
    );
  }
  // Not `slice`: a Buffer would share its memory.
  const infoBytes = new Uint8Array(raw);
  const infoHash = createHash("sha1").update(infoBytes).digest("hex");
  const name = readName(info, infoHash);
  const pieceLengthBytes = readPieceLength(info);
  const files = readFiles(info, name);
  const sizeBytes = files.reduce((sum, file) => sum + file.lengthBytes, 0);
  const pieceCount = Math.ceil(sizeBytes / pieceLengthBytes);
  if (isV2) checkHybrid(info, files, pieceLengthBytes);
  return {
    infoHash,
    infoBytes,
    name,
    pieceLengthBytes,
    pieceCount,
    sizeBytes,
    pieceHashes: readPieceHashes(info, pieceCount),
    files,
    hasFolder: info.has("files"),
    isPrivate: info.get("private") === 1,
    trackers: [],
    webSeeds: [],
  };
}

/** `name.utf-8` was how clients wrote readable names before BEP 3 asked for UTF-8. */
function readName(info: BencodeDictionary, infoHash: string): string {
  const name = textOf(info.get("name.utf-8")) ?? textOf(info.get("name"));
  if (name === undefined) throw invalidTorrent("it has no name");
  return name === "" ? infoHash : name;
}

function readPieceLength(info: BencodeDictionary): number {
  const length = info.get("piece length");
  if (typeof length !== "number" || length < MIN_PIECE_LENGTH_BYTES || length > MAX_PIECE_LENGTH_BYTES) {
    throw invalidTorrent("its piece length is missing or outside 16 KiB to 512 MiB");
  }
  return length;
}

function readPieceHashes(info: BencodeDictionary, pieceCount: number): Uint8Array {
  const hashes = info.get("pieces");
  if (!(hashes instanceof Uint8Array) || hashes.length !== pieceCount * PIECE_HASH_BYTES) {
    throw invalidTorrent("its piece hashes do not match its size");
  }
  return new Uint8Array(hashes);
}
