import type { Packet } from "../packet.ts";
import type { StreamCursor } from "../stream-cursor.ts";
import {
  BLOCK_GROUP_HEAD_BYTES,
  BLOCK_HEAD_BYTES,
  type Block,
  parseBlockGroup,
  parseSimpleBlock,
  trackNumberOfGroup,
} from "./block.ts";
import { packetsOfBlock, type WalkedTrack } from "./block-packets.ts";
import { CLUSTER_HEAD_BYTES, clusterHeadAt, nextClusterId } from "./cluster-head.ts";
import {
  ELEMENT_HEADER_LIMIT_BYTES,
  type ElementHeader,
  elementHeaderAt,
  unsignedInteger,
  variableIntegerAt,
} from "./ebml.ts";
import { ElementId } from "./element-ids.ts";

/** Larger than any frame of a film: an I-frame of 8K at the highest rates takes some 16 MiB. What claims more is damage. */
const BLOCK_LIMIT_BYTES = 64 * 1024 * 1024;

/** All went well; the next step can be taken. */
const TAKEN = 0;

/**
 * Walks over a part of a Segment element by element, without regard to what lies in what: Clusters are entered, blocks of
 * wanted tracks become packets, everything else is stepped over. It takes only steps for which the bytes are there.
 *
 * Where an element cannot be one, or reaches out of what it lies in, the walk goes on at the next place that looks like a
 * Cluster. Blocks count only under the Timestamp of a Cluster.
 */
export class ClusterWalk {
  readonly #cursor: StreamCursor;
  readonly #endBytes: number;
  readonly #tracks: ReadonlyMap<number, WalkedTrack>;
  readonly #onCluster: (offsetBytes: number) => void;
  #packets: Packet[] = [];
  #clusterTicks: number | undefined;
  #clusterEndBytes: number;
  /** Nothing is certain yet: a wrong cue, or a damaged header, may have led anywhere. */
  #isLost = true;

  /**
   * @param endBytes where the walk ends, which is at most where the stream does
   * @param onCluster told where each Cluster starts, before any of its packets
   */
  constructor(
    cursor: StreamCursor,
    endBytes: number,
    tracks: ReadonlyMap<number, WalkedTrack>,
    onCluster: (offsetBytes: number) => void = () => {},
  ) {
    this.#cursor = cursor;
    this.#endBytes = endBytes;
    this.#clusterEndBytes = endBytes;
    this.#tracks = tracks;
    this.#onCluster = onCluster;
  }

  /** Goes as far as the bytes at hand reach, and tells how many it must see side by side to go on: 0 at the end. */
  run(): number {
    while (this.#leftBytes > 0) {
      const neededBytes = this.#isLost ? this.#search() : this.#step();
      if (neededBytes !== TAKEN) return neededBytes;
    }
    return 0;
  }

  /** The packets of the steps since this was last asked. */
  takePackets(): readonly Packet[] {
    const packets = this.#packets;
    this.#packets = [];
    return packets;
  }

  get #leftBytes(): number {
    return this.#endBytes - this.#cursor.offsetBytes;
  }

  #step(): number {
    const { bytes, position, heldBytes } = this.#cursor;
    const header = elementHeaderAt(bytes, position);
    if (header === undefined) {
      // One byte more at a time: what a block does not need itself must not delay it.
      return heldBytes < Math.min(ELEMENT_HEADER_LIMIT_BYTES, this.#leftBytes) ? heldBytes + 1 : this.#lose();
    }
    switch (header.id) {
      case ElementId.cluster:
        return this.#enterCluster(header);
      case ElementId.segment:
        return this.#skip(header.headerLengthBytes);
      case ElementId.ebmlHeader:
        // RFC 8794 §6.2: a Segment of unknown size ends where another document starts.
        return this.#skip(this.#leftBytes);
      default:
        return this.#readElement(header);
    }
  }

  #enterCluster(header: ElementHeader): number {
    this.#onCluster(this.#cursor.offsetBytes);
    const contentStart = this.#cursor.offsetBytes + header.headerLengthBytes;
    this.#clusterEndBytes = Math.min(contentStart + header.contentLengthBytes, this.#endBytes);
    this.#clusterTicks = undefined;
    return this.#skip(header.headerLengthBytes);
  }

  #readElement(header: ElementHeader): number {
    const { offsetBytes } = this.#cursor;
    if (offsetBytes >= this.#clusterEndBytes) this.#clusterEndBytes = this.#endBytes;
    const lengthBytes = header.headerLengthBytes + header.contentLengthBytes;
    if (offsetBytes + lengthBytes > this.#clusterEndBytes) return this.#lose();
    switch (header.id) {
      case ElementId.timestamp:
        return this.#readTimestamp(header, lengthBytes);
      case ElementId.simpleBlock:
        return this.#readBlock(header, BLOCK_HEAD_BYTES, trackNumberOfBlock, parseSimpleBlock);
      case ElementId.blockGroup:
        return this.#readBlock(header, BLOCK_GROUP_HEAD_BYTES, trackNumberOfGroup, parseBlockGroup);
      default:
        return this.#skip(lengthBytes);
    }
  }

  #readTimestamp(header: ElementHeader, lengthBytes: number): number {
    if (header.contentLengthBytes > 8) return this.#lose();
    if (this.#cursor.heldBytes < lengthBytes) return lengthBytes;
    this.#clusterTicks = unsignedInteger(this.#content(header));
    return this.#skip(lengthBytes);
  }

  #readBlock(
    header: ElementHeader,
    headBytes: number,
    trackNumberOf: (head: Uint8Array) => number | undefined,
    parse: (content: Uint8Array) => Block | undefined,
  ): number {
    if (header.contentLengthBytes > BLOCK_LIMIT_BYTES) return this.#lose();
    const lengthBytes = header.headerLengthBytes + header.contentLengthBytes;
    const headLengthBytes = Math.min(header.headerLengthBytes + headBytes, lengthBytes);
    if (this.#cursor.heldBytes < headLengthBytes) return headLengthBytes;
    const trackNumber = trackNumberOf(this.#content(header));
    const isUnwanted = trackNumber !== undefined && !this.#tracks.has(trackNumber);
    if (isUnwanted || this.#clusterTicks === undefined) return this.#skip(lengthBytes);
    if (this.#cursor.heldBytes < lengthBytes) return lengthBytes;
    const block = parse(this.#content(header));
    const track = this.#tracks.get(block?.trackNumber ?? 0);
    if (block !== undefined && track !== undefined) {
      for (const packet of packetsOfBlock(block, track, this.#clusterTicks)) this.#packets.push(packet);
    }
    return this.#skip(lengthBytes);
  }

  /** The content of the element at hand, as far as it is there. */
  #content(header: ElementHeader): Uint8Array {
    const start = this.#cursor.position + header.headerLengthBytes;
    return this.#cursor.bytes.subarray(start, start + header.contentLengthBytes);
  }

  #skip(lengthBytes: number): typeof TAKEN {
    this.#cursor.skip(lengthBytes);
    return TAKEN;
  }

  #lose(): typeof TAKEN {
    this.#isLost = true;
    return this.#skip(1);
  }

  #search(): number {
    const { position: start } = this.#cursor;
    this.#cursor.skip(Math.min(nextClusterId(this.#cursor.bytes, start) - start, this.#leftBytes));
    const { bytes, position, heldBytes } = this.#cursor;
    this.#isLost = clusterHeadAt(bytes, position) === undefined;
    if (!this.#isLost || this.#leftBytes === 0) return TAKEN;
    return heldBytes < Math.min(CLUSTER_HEAD_BYTES, this.#leftBytes) ? heldBytes + 1 : this.#skip(1);
  }
}

function trackNumberOfBlock(head: Uint8Array): number | undefined {
  return variableIntegerAt(head, 0)?.value;
}
