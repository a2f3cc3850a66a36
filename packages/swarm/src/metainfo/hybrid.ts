import type { BencodeDictionary, BencodeValue } from "./bencode.ts";
import { invalidTorrent, isDictionary, textOf } from "./torrent-fields.ts";
import { readFileLength, type TorrentFile } from "./torrent-files.ts";

/** BEP 52: "pieces root" is one SHA-256. */
const ROOT_HASH_BYTES = 32;

/**
 * Checks that the v2 half of a hybrid torrent describes the same bytes as the v1 half that is used: the same files in the same order, each
 * starting a piece (BEP 52 "Upgrade Path"). Otherwise v1 and v2 peers would mean different data by one torrent. Throws `bad_torrent`.
 */
export function checkHybrid(info: BencodeDictionary, files: readonly TorrentFile[], pieceLengthBytes: number): void {
  // BEP 52: "it must be a power of two and at least 16KiB"; the least is checked for v1 as well.
  if (!Number.isInteger(Math.log2(pieceLengthBytes))) throw disagreement();
  const stored = files.filter((file) => !file.isPadding);
  const tree = [...walkFileTree(info.get("file tree"), [])];
  if (tree.length !== stored.length) throw disagreement();
  for (const [index, file] of stored.entries()) {
    const leaf = tree[index];
    const isAligned = file.lengthBytes === 0 || file.offsetBytes % pieceLengthBytes === 0;
    if (leaf?.lengthBytes !== file.lengthBytes || !isSamePath(leaf.path, file.path) || !isAligned) throw disagreement();
  }
}

interface TreeLeaf {
  readonly path: readonly string[];
  readonly lengthBytes: number;
}

/** BEP 52: folders nest by name; a file is a dictionary whose only key is the empty string. Depth is bounded by the decoder. */
function* walkFileTree(tree: BencodeValue | undefined, path: readonly string[]): Generator<TreeLeaf> {
  if (!isDictionary(tree) || tree.size === 0) throw disagreement();
  const properties = tree.get("");
  if (properties !== undefined) {
    if (tree.size !== 1 || path.length === 0) throw disagreement();
    yield { path, lengthBytes: readLeafLength(properties) };
    return;
  }
  for (const [key, child] of tree) yield* walkFileTree(child, [...path, textOf(Buffer.from(key, "latin1")) ?? ""]);
}

function readLeafLength(properties: BencodeValue): number {
  if (!isDictionary(properties)) throw disagreement();
  const lengthBytes = readFileLength(properties);
  const root = properties.get("pieces root");
  const hasRoot = root instanceof Uint8Array && root.length === ROOT_HASH_BYTES && root.some((byte) => byte !== 0);
  if (lengthBytes > 0 && !hasRoot) throw disagreement();
  return lengthBytes;
}

function isSamePath(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((component, depth) => component === right[depth]);
}

function disagreement(): Error {
  return invalidTorrent("its v1 and v2 halves do not agree");
}
