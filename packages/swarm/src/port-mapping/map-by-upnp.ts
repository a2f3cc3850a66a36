import type { PeerAddress } from "../types.ts";
import { LEASE_SECONDS, type Lease, MappingError, type MappingRequest } from "./port-mapper.ts";
import { askRouter } from "./router-request.ts";
import { findRouters, urlOf } from "./ssdp.ts";

/** Those that map ports, IGD 1 and 2. */
const SERVICE_TYPE = /<serviceType>\s*(urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12])\s*<\/serviceType>/;
const CONTROL_URL = /<controlURL>\s*([^<\s]+)\s*<\/controlURL>/;
/** A service is five short lines. */
const MAX_SERVICE_CHARACTERS = 4_096;
/** A router has a dozen services. */
const MAX_SERVICES = 64;
/** WANIPConnection:1 §2.4.16: the router keeps mappings until it is restarted, or none. */
const ONLY_PERMANENT_LEASES = 725;
const CONFLICT = 718;
/** Such a mapping is looked after as others are; at the end it is taken back. */
const PERMANENT_CHECK_SECONDS = LEASE_SECONDS;

/** Where a router takes orders. */
export interface ControlPoint {
  readonly url: URL;
  readonly serviceType: string;
}

/** Asks the routers of the local network by UPnP (WANIPConnection), one after the other, until one maps the port. */
export async function mapByUpnp(group: PeerAddress, request: MappingRequest): Promise<Lease> {
  let failure: unknown = new MappingError("no router answers");
  for (const location of await findRouters(group, request)) {
    try {
      return await mapAt(location, request);
    } catch (error) {
      request.signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

/** The first service of a router's description that maps ports; its address must be the router's. Undefined if there is none. */
export function parseDescription(description: string, location: URL): ControlPoint | undefined {
  const services = description.split("<service>", MAX_SERVICES + 1).slice(1);
  for (const service of services) {
    const text = service.slice(0, MAX_SERVICE_CHARACTERS).split("</service>", 1)[0] ?? "";
    const serviceType = SERVICE_TYPE.exec(text)?.[1];
    const spelled = CONTROL_URL.exec(text)?.[1];
    const url = spelled === undefined ? undefined : urlOf(spelled, location.hostname, location);
    if (serviceType !== undefined && url !== undefined) return { url, serviceType };
  }
  return undefined;
}

async function mapAt(location: URL, request: MappingRequest): Promise<Lease> {
  const description = await askRouter(location, request);
  const control = parseDescription(description.text, location);
  if (control === undefined) throw new MappingError("the router maps no ports");
  const mapping = { port: request.port, ownHost: description.ownHost };
  const unmap = async (signal: AbortSignal): Promise<void> => {
    await order(control, "DeletePortMapping", nameOf(request.port), { ...request, signal });
  };
  const code = await add(control, { ...mapping, leaseSeconds: LEASE_SECONDS }, request);
  if (code === undefined) return { seconds: LEASE_SECONDS, unmap };
  if (code === ONLY_PERMANENT_LEASES && (await add(control, { ...mapping, leaseSeconds: 0 }, request)) === undefined) {
    return { seconds: PERMANENT_CHECK_SECONDS, unmap };
  }
  const isTaken = code === CONFLICT;
  throw new MappingError(
    isTaken ? "another machine has this port of the router: choose another --peer-port" : `the router answers ${code}`,
  );
}

/** Undefined if it worked, otherwise the router's error code. */
async function add(
  control: ControlPoint,
  { port, ownHost, leaseSeconds }: { readonly port: number; readonly ownHost: string; readonly leaseSeconds: number },
  request: MappingRequest,
): Promise<number | undefined> {
  // WANIPConnection:1 §2.4.16: the arguments in this order.
  return await order(
    control,
    "AddPortMapping",
    [
      ...nameOf(port),
      ["NewInternalPort", port],
      ["NewInternalClient", ownHost],
      ["NewEnabled", 1],
      ["NewPortMappingDescription", "Riptide"],
      ["NewLeaseDuration", leaseSeconds],
    ],
    request,
  );
}

type Arguments = readonly (readonly [name: string, value: string | number])[];

/** By what a mapping is known. */
function nameOf(port: number): Arguments {
  return [
    ["NewRemoteHost", ""],
    ["NewExternalPort", port],
    ["NewProtocol", "TCP"],
  ];
}

/** UPnP Device Architecture 1.1 §3.1.1. Nothing in it comes from anybody but us and the kernel. */
async function order(
  { url, serviceType }: ControlPoint,
  action: string,
  values: Arguments,
  request: MappingRequest,
): Promise<number | undefined> {
  const fields = values.map(([name, value]) => `<${name}>${value}</${name}>`).join("");
  const body =
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
    `<u:${action} xmlns:u="${serviceType}">${fields}</u:${action}></s:Body></s:Envelope>`;
  const headers = {
    "content-type": 'text/xml; charset="utf-8"',
    "content-length": String(Buffer.byteLength(body)),
    soapaction: `"${serviceType}#${action}"`,
  };
  const { status, text } = await askRouter(url, request, { headers, body });
  return status === 200 ? undefined : Number(/<errorCode>\s*(\d{1,6})\s*</.exec(text)?.[1] ?? status);
}
