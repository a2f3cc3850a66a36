import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const HOST = "127.0.0.1";
const SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1";

/** What a router knows, and how it misbehaves. */
export interface TestRouterOptions {
  /** The protocols of gateways that it answers to. */
  readonly gateway?: "pcp" | "nat-pmp" | "silent";
  /** The port that it gives, whatever it is asked for. */
  readonly externalPort?: number;
  readonly leaseSeconds?: number;
  readonly upnp?: "good" | "only permanent leases" | "conflict" | "silent";
  /** In place of its own description. */
  readonly description?: (request: IncomingMessage, response: ServerResponse) => void;
  /** The LOCATION of its answers, in place of its own. */
  readonly location?: string;
}

export interface TestRouter extends AsyncDisposable {
  readonly settings: {
    readonly gateway: { readonly host: string; readonly port: number };
    readonly ssdpGroup: { readonly host: string; readonly port: number };
  };
  /** Ports that lead to somebody now, and for how many seconds it was asked. */
  readonly mappings: ReadonlyMap<number, number>;
  /** What it was asked, in order: `pcp`, `nat-pmp`, `search`, or the action of UPnP. */
  readonly asked: readonly string[];
}

/** A router on loopback that speaks PCP, NAT-PMP and UPnP as far as it is told to. */
export async function startRouter(options: TestRouterOptions = {}): Promise<TestRouter> {
  const mappings = new Map<number, number>();
  const asked: string[] = [];
  const state: RouterState = { options, mappings, asked, origin: "" };
  const gateway = await openSocket((datagram) => answerGateway(datagram, state));
  const ssdp = await openSocket(() => {
    asked.push("search");
    const location = options.location ?? `${state.origin}/description.xml`;
    const answer = `HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nLocation: ${location}\r\nST: x\r\n\r\n`;
    return options.upnp === "silent" ? undefined : Buffer.from(answer);
  });
  const server = createServer((request, response) => answerHttp(request, response, state));
  server.listen(0, HOST);
  await once(server, "listening");
  state.origin = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  return {
    settings: {
      // Where nobody listens, the kernel says so at once.
      gateway: { host: HOST, port: options.gateway === undefined ? 9 : gateway.address().port },
      ssdpGroup: { host: HOST, port: ssdp.address().port },
    },
    mappings,
    asked,
    [Symbol.asyncDispose]: async () => {
      gateway.close();
      ssdp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface RouterState {
  readonly options: TestRouterOptions;
  readonly mappings: Map<number, number>;
  readonly asked: string[];
  origin: string;
}

async function openSocket(answer: (datagram: Buffer) => Uint8Array | undefined): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (datagram, { address, port }) => {
    const bytes = answer(datagram);
    if (bytes !== undefined) socket.send(bytes, port, address);
  });
  socket.bind(0, HOST);
  await once(socket, "listening");
  return socket;
}

function answerGateway(datagram: Buffer, { options, mappings, asked }: RouterState): Buffer | undefined {
  const { gateway = "silent", leaseSeconds = 3_600 } = options;
  if (gateway === "silent") return undefined;
  const isPcp = datagram[0] === 2;
  asked.push(isPcp ? "pcp" : "nat-pmp");
  // RFC 6886 §3.5: version, op, result 1 "unsupported version", epoch.
  if (isPcp && gateway === "nat-pmp") return Buffer.from([0, 128 + 1, 0, 1, 0, 0, 0, 9]);
  const port = datagram.readUInt16BE(isPcp ? 40 : 4);
  const lifetime = datagram.readUInt32BE(isPcp ? 4 : 8);
  const externalPort = options.externalPort ?? port;
  if (lifetime === 0) mappings.delete(externalPort);
  else mappings.set(externalPort, lifetime);
  const given = lifetime === 0 ? 0 : leaseSeconds;
  if (!isPcp) {
    const answer = Buffer.from([0, 128 + 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
    answer.writeUInt16BE(port, 8);
    answer.writeUInt16BE(externalPort, 10);
    answer.writeUInt32BE(given, 12);
    return answer;
  }
  const answer = Buffer.from(datagram);
  answer[1] = 128 + 1;
  answer.fill(0, 2, 24);
  answer.writeUInt32BE(given, 4);
  answer.writeUInt16BE(externalPort, 42);
  return answer;
}

function answerHttp(request: IncomingMessage, response: ServerResponse, state: RouterState): void {
  if (request.method === "GET") {
    if (state.options.description !== undefined) return state.options.description(request, response);
    response.end(descriptionOf("/control"));
    return;
  }
  let body = "";
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on("end", () => {
    const code = obey(String(request.headers["soapaction"]), body, state);
    response.statusCode = code === undefined ? 200 : 500;
    response.end(code === undefined ? "<s:Envelope/>" : `<s:Fault><errorCode>${code}</errorCode></s:Fault>`);
  });
}

/** A description with the services of a usual router, one of which maps ports. */
export function descriptionOf(controlUrl: string): string {
  const other = serviceText("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/other");
  return `<?xml version="1.0"?><root><device>${other}${serviceText(SERVICE, controlUrl)}</device></root>`;
}

function serviceText(type: string, url: string): string {
  return `<service><serviceType>${type}</serviceType><serviceId>x</serviceId><controlURL>${url}</controlURL></service>`;
}

/** Undefined if it worked, otherwise the error code. */
function obey(action: string, body: string, { options, mappings, asked }: RouterState): number | undefined {
  const valueOf = (name: string): string => new RegExp(`<${name}>(.*?)</${name}>`).exec(body)?.[1] ?? "";
  const port = Number(valueOf("NewExternalPort"));
  asked.push(action.replace(/^.*#|"$/g, ""));
  if (action === `"${SERVICE}#DeletePortMapping"`) return mappings.delete(port) ? undefined : 714;
  if (action !== `"${SERVICE}#AddPortMapping"`) return 401;
  const seconds = Number(valueOf("NewLeaseDuration"));
  if (options.upnp === "conflict") return 718;
  if (options.upnp === "only permanent leases" && seconds !== 0) return 725;
  const isRight = valueOf("NewInternalClient") === HOST && Number(valueOf("NewInternalPort")) === port;
  if (!isRight || valueOf("NewProtocol") !== "TCP") return 402;
  mappings.set(port, seconds);
  return undefined;
}
