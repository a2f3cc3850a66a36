import type { Socket } from "node:net";
import { decodeCompactPeers } from "../discovery/compact-peers.ts";
import type { PeerAddress } from "../types.ts";
import { encodeCompactPeer } from "../wire/compact-peer.ts";

/**
 * What is said at the gate: whoever comes names the address that it wants to be connected with (BEP 23: IPv4 and port, 6 bytes), or nobody's, to
 * wait for the next that connects to us. Once a connection stands the answer names the peer in the same way, and what follows are the
 * peer's bytes.
 */
export const GATE_ADDRESS_BYTES = 6;

/** Undefined: nobody's. */
export function encodeGateAddress(address: PeerAddress | undefined): Uint8Array {
  return address === undefined ? new Uint8Array(GATE_ADDRESS_BYTES) : encodeCompactPeer(address);
}

/** Takes the address off the front of a socket, and leaves the rest to whoever reads on. Undefined: it is nobody's. */
export function hearGateAddress(socket: Socket, heard: (address: PeerAddress | undefined) => void): void {
  const onReadable = (): void => {
    const bytes: Buffer | null = socket.read(GATE_ADDRESS_BYTES);
    if (bytes === null) return;
    socket.off("readable", onReadable);
    heard(decodeCompactPeers(bytes, 4, 1)[0]);
  };
  socket.on("readable", onReadable);
}
