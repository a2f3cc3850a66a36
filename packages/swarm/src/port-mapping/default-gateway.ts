import { readFile } from "node:fs/promises";

/** RFC 6887 §19.1, RFC 6886 §1.1. */
const GATEWAY_PORT = 5_351;
/** Bit RTF_GATEWAY of Linux: the route leads through a router. */
const LEADS_THROUGH_ROUTER = 2;

/** The router that leads out, of all or of one interface; undefined where the system does not tell (it does on Linux). */
export async function defaultGateway(
  interfaceName: string | undefined,
): Promise<{ readonly host: string; readonly port: number } | undefined> {
  const table = await readFile("/proc/net/route", "utf8").catch(() => "");
  const host = parseRoutes(table, interfaceName);
  return host === undefined ? undefined : { host, port: GATEWAY_PORT };
}

/** Reads the table of Linux: addresses are in hex, the first octet last. */
export function parseRoutes(table: string, interfaceName: string | undefined): string | undefined {
  for (const line of table.split("\n").slice(1)) {
    const [name, destination, gateway = "", flags = ""] = line.trim().split(/\s+/);
    const isDefault = destination === "00000000" && (Number.parseInt(flags, 16) & LEADS_THROUGH_ROUTER) !== 0;
    if (!isDefault || !/^[0-9a-f]{8}$/i.test(gateway)) continue;
    if (interfaceName === undefined || name === interfaceName) {
      return [6, 4, 2, 0].map((at) => Number.parseInt(gateway.slice(at, at + 2), 16)).join(".");
    }
  }
  return undefined;
}
