import { Peer, type PeerListener } from "../../src/session/peer.ts";
import type { BlockRequest, PeerAddress } from "../../src/types.ts";
import type { Wire } from "../../src/wire/index.ts";

/** A message as a test reads it: its name, then what it carried. */
export type SentMessage = readonly [name: string, ...details: unknown[]];

/** A wire that writes down what is sent, and closes when it is told to. */
export class FakeWire implements Wire {
  readonly isOutgoing: boolean;
  readonly remoteAddress: PeerAddress;
  readonly receivedBytes = 0;
  readonly didSendBytes = true;
  readonly sent: SentMessage[] = [];
  queuedBytes = 0;
  closeReason: string | undefined;
  onClose: (reason: string) => void = () => undefined;

  constructor(remoteAddress: PeerAddress, isOutgoing: boolean) {
    this.remoteAddress = remoteAddress;
    this.isOutgoing = isOutgoing;
  }

  get isClosed(): boolean {
    return this.closeReason !== undefined;
  }
  choke(): void {
    this.sent.push(["choke"]);
  }
  unchoke(): void {
    this.sent.push(["unchoke"]);
  }
  interested(): void {
    this.sent.push(["interested"]);
  }
  notInterested(): void {
    this.sent.push(["notInterested"]);
  }
  have(piece: number): void {
    this.sent.push(["have", piece]);
  }
  bitfield(bits: Uint8Array): void {
    this.sent.push(["bitfield", bits.slice()]);
  }
  haveAll(): void {
    this.sent.push(["haveAll"]);
  }
  haveNone(): void {
    this.sent.push(["haveNone"]);
  }
  request(blocks: readonly BlockRequest[]): void {
    this.sent.push(["request", blocks]);
  }
  cancel(blocks: readonly BlockRequest[]): void {
    this.sent.push(["cancel", blocks]);
  }
  reject(block: BlockRequest): void {
    this.sent.push(["reject", block]);
  }
  block(piece: number, offset: number, data: Uint8Array): void {
    this.sent.push(["block", piece, offset, data.length]);
  }
  extended(extensionId: number, payload: Uint8Array): void {
    this.sent.push(["extended", extensionId, payload]);
  }
  keepAlive(): void {
    this.sent.push(["keepAlive"]);
  }
  withdrawTarget(): void {}
  async drained(): Promise<void> {}
  close(reason: string): void {
    if (this.isClosed) return;
    this.closeReason = reason;
    this.onClose(reason);
  }

  /** What was sent since the last call. */
  take(): SentMessage[] {
    return this.sent.splice(0);
  }
}

export interface FakePeer {
  readonly peer: Peer;
  readonly wire: FakeWire;
}

const DEAF: PeerListener = {
  peerHandshook: () => undefined,
  peerExtended: () => undefined,
  peerToldDhtPort: () => undefined,
  peerClosed: () => undefined,
};

/** Counts up: 10.0.0.1, 10.0.0.2, … */
export function fakeAddress(number: number, port = 6881): PeerAddress {
  return { host: `10.0.${number >> 8}.${number & 255}`, port };
}

/** A peer that takes the connection, has said nothing yet, and nobody listens to. */
export function silentPeer(number: number, { isOutgoing = true, listener = DEAF } = {}): FakePeer {
  const address = fakeAddress(number);
  const wire = new FakeWire(address, isOutgoing);
  const peer = new Peer({ key: number, address, isOutgoing, nowMs: 0, listener });
  wire.onClose = (reason) => peer.onClose(reason);
  peer.bind(wire);
  return { peer, wire };
}

/** A peer whose handshake is done. */
export function fakePeer(
  number: number,
  { supportsFast = true, supportsExtensions = true, ...options }: FakePeerOptions = {},
): FakePeer {
  const fake = silentPeer(number, options);
  fake.peer.onHandshake(remoteHandshake(number, { supportsFast, supportsExtensions }));
  return fake;
}

interface FakePeerOptions {
  readonly isOutgoing?: boolean;
  readonly supportsFast?: boolean;
  readonly supportsExtensions?: boolean;
  readonly listener?: PeerListener;
}

export function remoteHandshake(number: number, { supportsFast = true, supportsExtensions = true } = {}) {
  const peerId = new Uint8Array(20).fill(number & 255);
  peerId[0] = number >> 8;
  return {
    infoHash: "ab".repeat(20),
    peerId,
    supportsExtensions,
    supportsFast,
    supportsDht: true,
    isEncrypted: false,
  };
}
