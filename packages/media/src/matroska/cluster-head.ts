import { elementHeaderAt, unsignedInteger } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";

/** The start of a Cluster, as it is told from bytes that only look like one. */
export interface ClusterHead {
  /** In ticks of the Segment. */
  readonly timestampTicks: number;
  readonly headerLengthBytes: number;
  /** `Infinity` if the Cluster does not know its size. */
  readonly contentLengthBytes: number;
}

/** Enough to hold the header of a Cluster, its Timestamp, and what may stand between them. */
export const CLUSTER_HEAD_BYTES = 64;

const CLUSTER_ID = [0x1f, 0x43, 0xb6, 0x75];

/**
 * The Cluster at `position`; undefined if there is none, or none with a Timestamp within its first bytes: it has to be the
 * first child, save for a checksum and the like (RFC 9559 §5.1.3.1).
 */
export function clusterHeadAt(bytes: Uint8Array, position: number): ClusterHead | undefined {
  const cluster = elementHeaderAt(bytes, position);
  if (cluster?.id !== ElementId.cluster) return undefined;
  const { headerLengthBytes, contentLengthBytes } = cluster;
  const start = position + headerLengthBytes;
  const end = Math.min(position + CLUSTER_HEAD_BYTES, start + contentLengthBytes, bytes.length);
  for (let child = start; child < end; ) {
    const header = elementHeaderAt(bytes, child);
    if (header === undefined) return undefined;
    const contentStart = child + header.headerLengthBytes;
    child = contentStart + header.contentLengthBytes;
    if (header.id === ElementId.timestamp) {
      const timestampTicks = child <= end ? unsignedInteger(bytes.subarray(contentStart, child)) : undefined;
      return timestampTicks === undefined ? undefined : { timestampTicks, headerLengthBytes, contentLengthBytes };
    }
    if (!BEFORE_TIMESTAMP.has(header.id)) return undefined;
  }
  return undefined;
}

/** Where the next Cluster ID starts, or what may become one with more bytes; the length if there is none. */
export function nextClusterId(bytes: Uint8Array, position: number): number {
  let candidate = bytes.indexOf(CLUSTER_ID[0]!, position);
  while (candidate >= 0) {
    const start = candidate;
    if (CLUSTER_ID.every((byte, index) => (bytes[start + index] ?? byte) === byte)) return start;
    candidate = bytes.indexOf(CLUSTER_ID[0]!, start + 1);
  }
  return bytes.length;
}

const BEFORE_TIMESTAMP: ReadonlySet<number> = new Set([
  ElementId.crc32,
  ElementId.void,
  ElementId.position,
  ElementId.prevSize,
]);
