import { randomBytes } from "node:crypto";
import { withDeadline } from "../metainfo/deadline.ts";
import { askUntilAnswered, openUdpChannel } from "../network/udp-exchange.ts";
import type { PeerAddress } from "../types.ts";
import { type GatewayProtocol, type Mapped, natPmp, pcp } from "./gateway-packets.ts";
import { LEASE_SECONDS, type Lease, MappingError, type MappingRequest, noAnswer } from "./port-mapper.ts";

/** RFC 6886 §3.1: 250 ms, then twice as long each time. It would go on for two minutes; most routers know no such thing. */
const FIRST_WAIT_MS = 250;
const ANSWER_LIMIT_MS = 2_000;

/** Asks the router by PCP, or by NAT-PMP if it does not know that. */
export async function mapByGateway(gateway: PeerAddress, request: MappingRequest): Promise<Lease> {
  try {
    return await mapBy(pcp(randomBytes(12)), gateway, request);
  } catch {
    request.signal.throwIfAborted();
    return await mapBy(natPmp, gateway, request);
  }
}

async function mapBy(protocol: GatewayProtocol, gateway: PeerAddress, request: MappingRequest): Promise<Lease> {
  const unmap = async (signal: AbortSignal): Promise<void> => {
    await ask(protocol, gateway, { ...request, signal }, 0);
  };
  const { externalPort, lifetimeSeconds } = await ask(protocol, gateway, request, LEASE_SECONDS);
  if (externalPort === request.port) return { seconds: lifetimeSeconds, unmap };
  await unmap(request.signal);
  throw new MappingError("another machine has this port of the router: choose another --peer-port");
}

async function ask(
  protocol: GatewayProtocol,
  gateway: PeerAddress,
  { network, clock, port, signal }: MappingRequest,
  lifetimeSeconds: number,
): Promise<Mapped> {
  return await withDeadline({ clock, signal, timeoutMs: ANSWER_LIMIT_MS, timeoutError: noAnswer }, async (inTime) => {
    const channel = await openUdpChannel(gateway, { source: network.sourceAddress(4), signal: inTime });
    try {
      const clientHost = channel.socket.address().address;
      const packet = protocol.encode({ port, lifetimeSeconds, clientHost });
      const isAnswer = (datagram: Uint8Array): boolean => protocol.isAnswer(datagram, port);
      const question = { packet, isAnswer, firstWaitMs: FIRST_WAIT_MS };
      return protocol.decode(await askUntilAnswered(question, { channel, clock, signal: inTime }));
    } finally {
      channel.close();
    }
  });
}
