import { decodeCompactPeers } from "./compact-peers.ts";
import {
  type AnnounceEvent,
  type AnnounceRequest,
  type AnnounceResult,
  announceKey,
  MAX_PEERS_PER_ANNOUNCE,
  TrackerError,
} from "./tracker.ts";

/** BEP 15: "0x41727101980 // magic constant". */
const PROTOCOL_ID = 0x417_2710_1980n;

const ACTION_CONNECT = 0;
const ACTION_ANNOUNCE = 1;
const ACTION_ERROR = 3;

const EVENT_NUMBERS: Record<AnnounceEvent, number> = { completed: 1, started: 2, stopped: 3 };

const CONNECT_REQUEST_BYTES = 16;
const CONNECT_RESPONSE_BYTES = 16;
const ANNOUNCE_REQUEST_BYTES = 98;
const ANNOUNCE_RESPONSE_HEADER_BYTES = 20;
const ERROR_HEADER_BYTES = 8;

/** A packet and what its answer must say to be one. */
export interface UdpRequest {
  readonly packet: Uint8Array;
  readonly action: number;
  readonly transactionId: number;
}

/** Encodes the request for a connection id, which proves that our address is not forged. */
export function encodeConnectRequest(transactionId: number): UdpRequest {
  const view = new DataView(new ArrayBuffer(CONNECT_REQUEST_BYTES));
  view.setBigUint64(0, PROTOCOL_ID);
  view.setUint32(8, ACTION_CONNECT);
  view.setUint32(12, transactionId);
  return { packet: bytesOf(view), action: ACTION_CONNECT, transactionId };
}

/** Encodes an announce (BEP 15 "IPv4 announce request"; the same for IPv6). The IP address stays 0: that of the sender. */
export function encodeAnnounceRequest(
  connectionId: bigint,
  transactionId: number,
  request: AnnounceRequest,
): UdpRequest {
  const view = new DataView(new ArrayBuffer(ANNOUNCE_REQUEST_BYTES));
  const packet = bytesOf(view);
  view.setBigUint64(0, connectionId);
  view.setUint32(8, ACTION_ANNOUNCE);
  view.setUint32(12, transactionId);
  packet.set(Buffer.from(request.infoHash, "hex"), 16);
  packet.set(request.peerId, 36);
  view.setBigUint64(56, BigInt(request.downloadedBytes));
  view.setBigUint64(64, BigInt(request.leftBytes));
  view.setBigUint64(72, BigInt(request.uploadedBytes));
  view.setUint32(80, request.event === undefined ? 0 : EVENT_NUMBERS[request.event]);
  view.setUint32(88, announceKey(request.peerId));
  view.setInt32(92, Math.min(request.wantedPeers, MAX_PEERS_PER_ANNOUNCE));
  view.setUint16(96, request.port);
  return { packet, action: ACTION_ANNOUNCE, transactionId };
}

/**
 * Whether a datagram answers `request`: "Check whether the packet is at least 8 bytes. Check whether the transaction ID is equal to the one you
 * chose. Check whether the action is connect [announce]" (BEP 15), or an error. Anything else is somebody else's and ignored.
 */
export function isAnswerTo(request: UdpRequest, datagram: Uint8Array): boolean {
  if (datagram.length < ERROR_HEADER_BYTES) return false;
  const view = viewOf(datagram);
  const action = view.getUint32(0);
  return view.getUint32(4) === request.transactionId && (action === request.action || action === ACTION_ERROR);
}

/** Returns the connection id. Throws `TrackerError`. */
export function decodeConnectResponse(datagram: Uint8Array): bigint {
  return answerOf(datagram, CONNECT_RESPONSE_BYTES).getBigUint64(8);
}

/** Reads an announce response; `family` is that of the socket, which decides how peers are spelled. Throws `TrackerError`. */
export function decodeAnnounceResponse(datagram: Uint8Array, family: 4 | 6): AnnounceResult {
  const view = answerOf(datagram, ANNOUNCE_RESPONSE_HEADER_BYTES);
  return {
    intervalSeconds: view.getUint32(8),
    leechers: view.getUint32(12),
    seeders: view.getUint32(16),
    peers: decodeCompactPeers(datagram.subarray(ANNOUNCE_RESPONSE_HEADER_BYTES), family, MAX_PEERS_PER_ANNOUNCE),
  };
}

function answerOf(datagram: Uint8Array, minBytes: number): DataView {
  const view = viewOf(datagram);
  if (view.getUint32(0) === ACTION_ERROR) {
    const message = new TextDecoder().decode(datagram.subarray(ERROR_HEADER_BYTES, ERROR_HEADER_BYTES + 200));
    throw new TrackerError("refused", `The tracker refuses: ${message}`);
  }
  if (datagram.length < minBytes) throw new TrackerError("invalid", "The tracker's answer is too short");
  return view;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}
