import type { HandshakeScript, HandshakeStream } from "./handshake-stream.ts";
import { CryptoMethod, initiateEncryption, respondToEncryption } from "./mse.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import type { AcceptOptions, ConnectOptions, RemoteHandshake, WireHandler } from "./wire.ts";

/** BEP 3: "character nineteen (decimal) followed by the string 'BitTorrent protocol'". */
const PROTOCOL = Buffer.from("\x13BitTorrent protocol", "latin1");
const RESERVED_AT = PROTOCOL.length;
const INFO_HASH_AT = RESERVED_AT + 8;
const PEER_ID_AT = INFO_HASH_AT + 20;
export const HANDSHAKE_BYTES = PEER_ID_AT + 20;

/** Reserved bytes and bits: extension protocol (BEP 10), fast extension (BEP 6), DHT (BEP 5). */
const EXTENSIONS_BIT = { at: RESERVED_AT + 5, mask: 0x10 };
const FAST_BIT = { at: RESERVED_AT + 7, mask: 0x04 };
const DHT_BIT = { at: RESERVED_AT + 7, mask: 0x01 };

/** What a handshake ends with: who is there, and who listens to it. */
export interface Greeted {
  readonly remote: RemoteHandshake;
  readonly handler: WireHandler;
}

/** The whole beginning of a dialled connection. */
export function* greetOutgoing(
  stream: HandshakeStream,
  options: Pick<ConnectOptions, "mode" | "infoHash" | "peerId" | "handler">,
): HandshakeScript<Greeted> {
  const isEncrypted = options.mode === "encrypted";
  const handshake = encodeHandshake(options.infoHash, options.peerId);
  if (isEncrypted) {
    yield* initiateEncryption(stream, {
      infoHash: options.infoHash,
      initialPayload: handshake,
      provide: CryptoMethod.plaintext | CryptoMethod.rc4,
    });
  } else {
    stream.send(handshake);
  }
  const remote = yield* readHandshake(stream, isEncrypted);
  if (remote.infoHash !== options.infoHash) throw new ProtocolViolation("handshake of another torrent");
  return { remote, handler: options.handler };
}

/** The whole beginning of a connection that somebody made to us; the handler is whom `route` chose. */
export function* greetIncoming(
  stream: HandshakeStream,
  torrents: AcceptOptions["torrents"],
  route: (infoHash: string) => ReturnType<AcceptOptions["route"]>,
): HandshakeScript<Greeted> {
  // A public key that begins like this is as likely as guessing 20 bytes.
  const isEncrypted = !PROTOCOL.equals(yield* stream.peek(PROTOCOL.length));
  let secretInfoHash: string | undefined;
  if (isEncrypted) {
    secretInfoHash = yield* respondToEncryption(stream, {
      torrents,
      // RC4 in JavaScript costs four times the whole rest of a transfer and hides nothing that matters after the start.
      methods: [CryptoMethod.plaintext, CryptoMethod.rc4],
    });
  }
  const remote = yield* readHandshake(stream, isEncrypted);
  if (secretInfoHash !== undefined && remote.infoHash !== secretInfoHash) {
    throw new ProtocolViolation("handshake of another torrent");
  }
  const destination = route(remote.infoHash);
  if (destination === null) throw new ProtocolViolation("unknown torrent or refused peer");
  stream.send(encodeHandshake(remote.infoHash, destination.peerId));
  return { remote, handler: destination.handler };
}

/** Ours always offers the extension protocol, the fast extension and the DHT. */
export function encodeHandshake(infoHash: string, peerId: Uint8Array): Uint8Array {
  const handshake = Buffer.alloc(HANDSHAKE_BYTES);
  handshake.set(PROTOCOL);
  for (const bit of [EXTENSIONS_BIT, FAST_BIT, DHT_BIT]) handshake[bit.at]! |= bit.mask;
  handshake.set(Buffer.from(infoHash, "hex"), INFO_HASH_AT);
  handshake.set(peerId, PEER_ID_AT);
  return handshake;
}

function* readHandshake(stream: HandshakeStream, isEncrypted: boolean): HandshakeScript<RemoteHandshake> {
  if (!PROTOCOL.equals(yield* stream.peek(PROTOCOL.length))) throw new ProtocolViolation("not a BitTorrent handshake");
  const handshake = yield* stream.take(HANDSHAKE_BYTES);
  const isSet = (bit: { at: number; mask: number }): boolean => (handshake[bit.at]! & bit.mask) !== 0;
  return {
    infoHash: handshake.toString("hex", INFO_HASH_AT, PEER_ID_AT),
    peerId: new Uint8Array(handshake.subarray(PEER_ID_AT)),
    supportsExtensions: isSet(EXTENSIONS_BIT),
    supportsFast: isSet(FAST_BIT),
    supportsDht: isSet(DHT_BIT),
    isEncrypted,
  };
}
