import { expect, it } from "vitest";
import { isPublicAddress } from "../../src/metainfo/public-address.ts";

it.each([
  ["loopback", "127.0.0.1", "127.255.255.255", "::1"],
  ["this host", "0.0.0.0", "0.1.2.3", "::"],
  ["private", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fd00::1", "fc12::"],
  ["shared (CGNAT)", "100.64.0.1", "100.127.255.255"],
  ["link-local, where clouds keep credentials", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
  ["mapped, compatible and NAT64", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1"],
  ["6to4 and Teredo, which hide any IPv4", "2002:7f00:1::", "2001:0:7f00:1::"],
  ["documentation and benchmarks", "192.0.2.1", "198.51.100.7", "203.0.113.7", "198.18.0.1", "2001:db8::1", "3fff::1"],
  ["multicast and reserved", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1"],
  ["no address at all", "localhost", "", "1.2.3", "[2606:4700::1]"],
])("does not take for public what is %s", (_kind, ...addresses) => {
  for (const address of addresses) expect([address, isPublicAddress(address)]).toEqual([address, false]);
});

it("takes for public what everybody can reach, up to the edges of what is not", () => {
  const addresses = [
    "8.8.8.8",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
  ];
  const more = [
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "223.255.255.255",
  ];
  for (const address of [...addresses, ...more, "2606:4700::1111", "2a00:1450::1", "2001:4860::8888"]) {
    expect([address, isPublicAddress(address)]).toEqual([address, true]);
  }
});
