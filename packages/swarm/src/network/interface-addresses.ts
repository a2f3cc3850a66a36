import { isIP, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { isLinkLocal } from "../metainfo/peer-address.ts";

/**
 * The addresses of an interface at this moment, one of each family at most; none if it is not there. An address stands for itself, whether
 * it is there or not: binding to it tells.
 */
export function addressesOf(nameOrAddress: string): string[] {
  if (isIP(nameOrAddress) !== 0) return [nameOrAddress];
  const addresses = networkInterfaces()[nameOrAddress] ?? [];
  // A link-local address leads nowhere beyond its link (RFC 4291 §2.5.6).
  const usable = addresses.filter(({ address }) => !isLinkLocal(address));
  return (["IPv4", "IPv6"] as const).flatMap((family) => {
    const first = usable.find((candidate) => candidate.family === family);
    return first === undefined ? [] : [first.address];
  });
}

/** The name of the interface that has the address, or is called so; as it is if there is none. */
export function nameOf(nameOrAddress: string): string {
  const named = Object.entries(networkInterfaces()).find(([, addresses = []]) =>
    addresses.some(({ address }) => address === nameOrAddress),
  );
  return named?.[0] ?? nameOrAddress;
}

/** Of the subnet of an address, as `networkInterfaces` tells it; the address alone if it tells none. */
export function prefixLength(cidr: string | null, address: string): number {
  return Number(cidr?.split("/")[1] ?? (isIPv6(address) ? 128 : 32));
}
