import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { type Multicast, openMulticast } from "../../src/discovery/multicast.ts";
import { Deferred } from "../../src/engine/deferred.ts";

/** Not the group of BEP 14: nobody else's messages come. */
const GROUP_ADDRESS = "239.192.7.7";
const IPV6_GROUP_ADDRESS = "ff15::7:7";
const hasIpv6Network = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .some(({ family, internal }) => family === "IPv6" && !internal);
const { signal } = new AbortController();

async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0);
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function openMember(
  port: number,
  isIpv6 = false,
): Promise<Multicast & { readonly heard: Deferred<[string, string]> }> {
  const heard = new Deferred<[string, string]>();
  const member = await openMulticast({
    group: { address: isIpv6 ? IPV6_GROUP_ADDRESS : GROUP_ADDRESS, port },
    host: isIpv6 ? "::" : "127.0.0.1",
    onDatagram: (datagram, senderHost) => heard.resolve([Buffer.from(datagram).toString(), senderHost]),
  });
  return { send: (datagram) => member.send(datagram), close: () => member.close(), heard };
}

describe("openMulticast", () => {
  it("carries a datagram to every member of the group, also on the same port of the same machine", async () => {
    const port = await freePort();
    const members = await Promise.all([openMember(port), openMember(port)]);
    members[0].send(Buffer.from("hello"));
    for (const { heard } of members) expect(await heard.wait(signal)).toEqual(["hello", "127.0.0.1"]);
    await Promise.all(members.map((member) => member.close()));
  });

  // The loopback interface has no IPv6 multicast. Where it is the only one, CI says so: it fails for a test that is skipped.
  it.runIf(hasIpv6Network)("does so over IPv6", async () => {
    const port = await freePort();
    const members = await Promise.all([openMember(port, true), openMember(port, true)]);
    members[0].send(Buffer.from("hello"));
    for (const { heard } of members) expect(await heard.wait(signal)).toEqual(["hello", expect.stringContaining(":")]);
    await Promise.all(members.map((member) => member.close()));
  });

  it("hears nobody from beyond the subnets of its interfaces", async () => {
    const port = await freePort();
    const heard: string[] = [];
    // No interface has this address, and so no subnet is local.
    const member = await openMulticast({
      group: { address: GROUP_ADDRESS, port },
      host: "203.0.113.9",
      onDatagram: (datagram) => heard.push(Buffer.from(datagram).toString()),
    });
    const witness = await openMember(port);
    const stranger = createSocket("udp4");
    stranger.send("hello", port, "127.0.0.1");
    witness.send(Buffer.from("done"));
    await witness.heard.wait(signal);
    expect(heard).toEqual([]);
    stranger.close();
    await Promise.all([member.close(), witness.close()]);
  });

  it("sends nothing once it is closed, and can be closed twice", async () => {
    const port = await freePort();
    const [leaving, staying] = await Promise.all([openMember(port), openMember(port)]);
    await leaving.close();
    await leaving.close();
    leaving.send(Buffer.from("too late"));
    staying.send(Buffer.from("hello"));
    expect(await staying.heard.wait(signal)).toEqual(["hello", "127.0.0.1"]);
    await staying.close();
  });
});
