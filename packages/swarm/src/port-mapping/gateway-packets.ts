import { MappingError } from "./port-mapper.ts";

/** RFC 6886 §3.3 and RFC 6887 §11.1 in one: what both protocols say about a port. */
export interface Mapped {
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
}

/** One of the two protocols of gateways: both by UDP, on the same port of the router. */
export interface GatewayProtocol {
  /** `lifetimeSeconds` 0 takes the mapping back. */
  encode(request: { readonly port: number; readonly lifetimeSeconds: number; readonly clientHost: string }): Uint8Array;
  /** Whether a datagram answers the request for this port. Anything else is ignored. */
  isAnswer(datagram: Uint8Array, port: number): boolean;
  /** Throws `MappingError` if the router says no. */
  decode(datagram: Uint8Array): Mapped;
}

const MAP_TCP = 2;
const RESPONSE = 128;
const NAT_PMP_VERSION = 0;
const NAT_PMP_RESPONSE_BYTES = 16;
/** RFC 6886 §3.5: an error need not have more than this. */
const NAT_PMP_ERROR_BYTES = 8;

/** RFC 6886. */
export const natPmp: GatewayProtocol = {
  encode({ port, lifetimeSeconds }) {
    const view = new DataView(new ArrayBuffer(12));
    view.setUint8(1, MAP_TCP);
    view.setUint16(4, port);
    // §3.4: "the suggested external port MUST be set to zero by the client on sending" a deletion.
    view.setUint16(6, lifetimeSeconds === 0 ? 0 : port);
    view.setUint32(8, lifetimeSeconds);
    return new Uint8Array(view.buffer);
  },
  isAnswer(datagram, port) {
    if (datagram.length < NAT_PMP_ERROR_BYTES) return false;
    const view = viewOf(datagram);
    if (view.getUint8(0) !== NAT_PMP_VERSION || view.getUint8(1) !== RESPONSE + MAP_TCP) return false;
    return view.getUint16(2) !== 0 || (datagram.length >= NAT_PMP_RESPONSE_BYTES && view.getUint16(8) === port);
  },
  decode(datagram) {
    const view = viewOf(datagram);
    const result = view.getUint16(2);
    if (result !== 0) throw new MappingError(`the router answers ${result} by NAT-PMP`);
    return { externalPort: view.getUint16(10), lifetimeSeconds: view.getUint32(12) };
  },
};

const PCP_VERSION = 2;
const PCP_MAP = 1;
const PCP_MAP_BYTES = 60;
const TCP = 6;
const NONCE_BYTES = 12;

/**
 * RFC 6887. The nonce ties answers, renewals and the deletion to this mapping (§11.2): give a new random one for each. Older routers answer in
 * NAT-PMP that they do not know the version (RFC 6886 §3.5): a refusal, too.
 */
export function pcp(nonce: Uint8Array): GatewayProtocol {
  return {
    encode({ port, lifetimeSeconds, clientHost }) {
      const packet = new Uint8Array(PCP_MAP_BYTES);
      const view = viewOf(packet);
      view.setUint8(0, PCP_VERSION);
      view.setUint8(1, PCP_MAP);
      view.setUint32(4, lifetimeSeconds);
      packet.set(mappedIpv4(clientHost), 8);
      packet.set(nonce.subarray(0, NONCE_BYTES), 24);
      view.setUint8(36, TCP);
      view.setUint16(40, port);
      view.setUint16(42, port);
      // §11.1: any external address will do, of IPv4.
      packet.set(mappedIpv4("0.0.0.0"), 44);
      return packet;
    },
    isAnswer(datagram, port) {
      if (datagram.length >= NAT_PMP_ERROR_BYTES && datagram[0] === NAT_PMP_VERSION) return true;
      if (datagram.length < PCP_MAP_BYTES || datagram[0] !== PCP_VERSION || datagram[1] !== RESPONSE + PCP_MAP)
        return false;
      const isOurs = Buffer.compare(datagram.subarray(24, 24 + NONCE_BYTES), nonce) === 0;
      return isOurs && viewOf(datagram).getUint16(40) === port;
    },
    decode(datagram) {
      if (datagram[0] === NAT_PMP_VERSION) throw new MappingError("the router does not know PCP");
      const view = viewOf(datagram);
      const result = view.getUint8(3);
      if (result !== 0) throw new MappingError(`the router answers ${result} by PCP`);
      return { externalPort: view.getUint16(42), lifetimeSeconds: view.getUint32(4) };
    },
  };
}

/** RFC 4291 §2.5.5.2. */
function mappedIpv4(host: string): Uint8Array {
  const bytes = new Uint8Array(16).fill(0xff, 10, 12);
  bytes.set(host.split(".").map(Number), 12);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
