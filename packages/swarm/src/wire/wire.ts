import type { Network } from "../network/network.ts";
import type { BlockRequest, PeerAddress } from "../types.ts";
import type { Utp } from "../utp/utp.ts";

/** How an outgoing connection starts: with a bare handshake, or with Message Stream Encryption in front of it. */
export type EncryptionMode = "plaintext" | "encrypted";

/** What the other side said in its BitTorrent handshake (BEP 3), with the reserved bits of BEP 5, 6 and 10. */
export interface RemoteHandshake {
  /** 40 lower-case hex digits. */
  readonly infoHash: string;
  readonly peerId: Uint8Array;
  readonly supportsExtensions: boolean;
  readonly supportsFast: boolean;
  readonly supportsDht: boolean;
  /** Message Stream Encryption was used, whether or not it went on to encrypt the payload. */
  readonly isEncrypted: boolean;
}

/** Where a block's payload goes: `buffer` from `at` on must have room for the whole block. */
export interface BlockTarget {
  readonly buffer: Uint8Array;
  readonly at: number;
}

/**
 * What a peer says, one per connection. Called synchronously from the socket's read, so that set-up in `onHandshake`
 * is done before the message that follows it. A byte array that is handed over belongs to the handler.
 */
export interface WireHandler {
  /** The address that was dialled takes the connection, and our handshake is on its way: in plaintext, messages may follow it. */
  onConnect?(): void;
  /** Both handshakes are done; messages may be sent at once. */
  onHandshake(remote: RemoteHandshake): void;
  onChoke(): void;
  onUnchoke(): void;
  onInterested(): void;
  onNotInterested(): void;
  onHave(piece: number): void;
  /** Whatever length the peer chose: the receiver checks it. */
  onBitfield(bits: Uint8Array): void;
  onHaveAll(): void;
  onHaveNone(): void;
  onRequest(block: BlockRequest): void;
  onCancel(block: BlockRequest): void;
  onReject(block: BlockRequest): void;
  onExtended(extensionId: number, payload: Uint8Array): void;
  /** The peer's DHT port (BEP 5). */
  onPort?(port: number): void;
  /** A block header arrived; says where its payload goes (copied once, straight there), or null to drop it. */
  blockTarget(block: BlockRequest): BlockTarget | null;
  /** The payload is complete. `stored` is false if the target was null or was withdrawn. */
  onBlock(block: BlockRequest, stored: boolean): void;
  /** The read buffer is used up: a good moment to refill requests. */
  onReadEnd(): void;
  /** Exactly once, whatever ended the connection, `close` included. Nothing is called after it. */
  onClose(reason: string): void;
}

/** A connection to a peer. Sending on a closed wire does nothing. */
export interface Wire {
  readonly isOutgoing: boolean;
  readonly remoteAddress: PeerAddress;
  readonly isClosed: boolean;
  /** All bytes that came in, handshakes included: tells "closed without a byte of handshake". */
  readonly receivedBytes: number;
  /** The connection was made and our side began to speak. */
  readonly didSendBytes: boolean;
  choke(): void;
  unchoke(): void;
  interested(): void;
  notInterested(): void;
  have(piece: number): void;
  bitfield(bits: Uint8Array): void;
  haveAll(): void;
  haveNone(): void;
  /** All in one write. */
  request(blocks: readonly BlockRequest[]): void;
  /** All in one write. */
  cancel(blocks: readonly BlockRequest[]): void;
  /** Does nothing unless the peer has the fast extension (BEP 6): others know no such message. */
  reject(block: BlockRequest): void;
  /** `data` must not change until it is sent (`drained`). */
  block(piece: number, offset: number, data: Uint8Array): void;
  extended(extensionId: number, payload: Uint8Array): void;
  keepAlive(): void;
  /** If the payload being received goes into `buffer`, drops the rest of it (the buffer is about to be reused). */
  withdrawTarget(buffer: Uint8Array): void;
  /** Bytes handed over that the socket has not taken yet. */
  readonly queuedBytes: number;
  /** Resolves when the socket took all that was queued, or the wire closed. Rejects when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void>;
  /** Ends the connection at once; `onClose(reason)` runs before this returns. */
  close(reason: string): void;
}

export interface ConnectOptions {
  readonly network: Network;
  /** What is dialled with instead of TCP. */
  readonly utp?: Utp | undefined;
  readonly address: PeerAddress;
  readonly mode: EncryptionMode;
  /** 40 lower-case hex digits. */
  readonly infoHash: string;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  readonly handler: WireHandler;
  readonly connectTimeoutMs?: number;
  /** Aborting closes the wire, at any time. */
  readonly signal?: AbortSignal;
}

export interface AcceptOptions {
  /** Lower-case info hashes that a stranger may ask for; asked once per encrypted handshake. */
  readonly torrents: () => Iterable<string>;
  /** Picks who handles the peer; null for an unknown torrent or a refused peer, which is then closed. */
  readonly route: (
    infoHash: string,
    wire: Wire,
  ) => { readonly handler: WireHandler; readonly peerId: Uint8Array } | null;
}
