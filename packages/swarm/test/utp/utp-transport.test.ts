import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { createRandom } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../../test/support/sha256.ts";
import { Dialled, readProc, startEnd, until, utpProcesses } from "./utp-pair.ts";

const MIB = 1024 * 1024;
/** Of BEP 29: asks for a connection. */
const SYN = 4;

/** Where a process has its local socket, as its command line says. */
function gatePath(pid: number): string {
  return readProc(pid, "cmdline")
    .split("\0")
    .find((word) => word.endsWith("/gate"))!;
}

/** Elsewhere utp-native has no binaries, or no /proc tells what was started. CI fails if it skips any test, so it cannot hide there. */
const isKnownHere = process.platform === "linux" && process.arch === "x64";

describe.runIf(isKnownHere)("uTP", () => {
  it("carries bytes both ways, and the end of one side to the other", async () => {
    await using here = startEnd(21_101);
    await using there = startEnd(21_102);
    await Promise.all([here.ready(), there.ready()]);
    const dialled = new Dialled(here, there.address);
    await until(() => dialled.isConnected);
    const [up, down] = [randomBytes(3 * MIB), randomBytes(5 * MIB)];
    // Who is connected to speaks second, as peers do.
    dialled.socket.write(up);
    await until(() => there.accepted.length === 1);
    const { socket, from } = there.accepted[0]!;
    expect(from).toEqual(here.address);
    let heard = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
    });
    socket.write(down);
    await until(() => heard.length === up.length && dialled.heard.length === down.length);
    expect([sha256(heard), sha256(dialled.heard)]).toEqual([sha256(up), sha256(down)]);

    socket.destroy();
    await until(() => dialled.isClosed);
    const second = new Dialled(here, there.address);
    await until(() => second.isConnected);
    second.socket.write("x");
    await until(() => there.accepted.length === 2);
    const closed = new Promise((resolve) => there.accepted[1]!.socket.resume().once("close", resolve));
    second.socket.destroy();
    await closed;
  });

  it("takes more peers at once than it waits for", async () => {
    await using here = startEnd(21_103);
    await using there = startEnd(21_104);
    await Promise.all([here.ready(), there.ready()]);
    const all = Array.from({ length: 30 }, () => new Dialled(here, there.address));
    for (const { socket } of all) socket.write("hello");
    await until(() => there.accepted.length === all.length);
    for (const { socket } of there.accepted) socket.write("welcome");
    await until(() => all.every(({ heard }) => heard.length === 7));
    expect(all.map(({ heard }) => heard.toString())).toEqual(all.map(() => "welcome"));
  });

  it("ends a connection that sends far more than is read", async () => {
    await using here = startEnd(21_105);
    await using there = startEnd(21_106);
    await Promise.all([here.ready(), there.ready()]);
    const flood = new Dialled(here, there.address);
    flood.socket.write("x");
    await until(() => there.accepted.length === 1);
    // Nobody reads at the other end.
    const chunk = randomBytes(MIB);
    let writtenBytes = 0;
    while (!flood.socket.destroyed && writtenBytes < 64 * MIB) {
      await new Promise((resolve) => flood.socket.write(chunk, resolve));
      writtenBytes += chunk.length;
    }
    await until(() => flood.isClosed);
    // What lies in buffers of the kernel and of libutp on the way is not read either.
    expect(writtenBytes).toBeGreaterThan(17 * MIB);
    expect(writtenBytes).toBeLessThan(32 * MIB);
  });

  it("waits at an address where nobody answers until it is told to stop", async () => {
    await using here = startEnd(21_107);
    await here.ready();
    expect(here.utp.reaches({ host: "::1", port: 1 })).toBe(false);
    const dialled = new Dialled(here, { host: "127.0.0.1", port: 21_199 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([dialled.isConnected, dialled.isClosed]).toEqual([false, false]);
    dialled.socket.destroy();
  });

  it("goes out from the one address that it may use", async () => {
    await using here = startEnd(21_115, "127.0.0.2");
    await using there = startEnd(21_116);
    await Promise.all([here.ready(), there.ready()]);
    const dialled = new Dialled(here, there.address);
    dialled.socket.write("x");
    await until(() => there.accepted.length === 1);
    expect(there.accepted[0]!.from).toEqual({ host: "127.0.0.2", port: 21_115 });
    // Its own port is free at every other address.
    const other = new Dialled(there, { host: "127.0.0.1", port: 21_115 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(other.isConnected).toBe(false);
    other.socket.destroy();
  });

  it("takes another port if its own is in use, and can still dial", async () => {
    await using there = startEnd(21_108);
    await there.ready();
    await using here = startEnd(21_108);
    await here.ready();
    const dialled = new Dialled(here, there.address);
    await until(() => dialled.isConnected);
    expect(here.problems).toEqual([]);
    dialled.socket.destroy();
  });

  it("says why it cannot be used, and does not try again", async () => {
    await using here = startEnd(21_109, "192.0.2.1");
    await until(() => here.problems.length > 0);
    expect(here.problems).toEqual(["address not available"]);
    await until(async () => (await utpProcesses()).length === 0);
    expect(here.utp.reaches(here.address)).toBe(false);
    const dialled = new Dialled(here, here.address);
    await until(() => dialled.isClosed);
    expect(dialled.isConnected).toBe(false);
  });

  it("comes back when its process dies, and tells it nothing but where to listen", async () => {
    process.env["RIPTIDE_TOKEN"] = "a-token-of-ours";
    await using here = startEnd(21_110);
    await using there = startEnd(21_111);
    await Promise.all([here.ready(), there.ready()]);
    delete process.env["RIPTIDE_TOKEN"];
    const pids = await utpProcesses();
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(readProc(pid, "environ")).not.toContain("RIPTIDE");
    const dialled = new Dialled(here, there.address);
    await until(() => dialled.isConnected);
    const folders = pids.map((pid) => dirname(gatePath(pid)));
    expect(folders.every(existsSync)).toBe(true);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await until(() => dialled.isClosed && !here.utp.reaches(there.address));
    await Promise.all([here.ready(), there.ready()]);
    const again = new Dialled(here, there.address);
    await until(() => again.isConnected);
    again.socket.destroy();
    expect(folders.some(existsSync)).toBe(false);
  });

  it("leaves no process and no folder behind", async () => {
    const here = startEnd(21_112);
    await here.ready();
    const [pid] = await utpProcesses();
    const folder = dirname(gatePath(pid!));
    // A terminal interrupts the whole group: connections last until whoever has them is done.
    process.kill(pid!, "SIGINT");
    const dialled = new Dialled(here, here.address);
    await until(() => dialled.isConnected);
    await here.utp.close();
    expect([await utpProcesses(), existsSync(folder)]).toEqual([[], false]);
    // Before there is a process to end, too.
    await startEnd(21_113).utp.close();
    await until(async () => (await utpProcesses()).length === 0);
  });

  it("bears datagrams of all kinds, and takes no more strangers than it may", async () => {
    await using here = startEnd(21_117);
    await using there = startEnd(21_118);
    await Promise.all([here.ready(), there.ready()]);
    const pids = await utpProcesses();
    const dialled = new Dialled(here, there.address);
    await until(() => dialled.isConnected);
    const bytes = randomBytes(2 * MIB);
    dialled.socket.write(bytes.subarray(0, MIB));
    await until(() => there.accepted.length === 1);
    let heard = Buffer.alloc(0);
    there.accepted[0]!.socket.on("data", (part: Buffer) => {
      heard = Buffer.concat([heard, part]);
    });
    await throwDatagrams(there.address.port);
    dialled.socket.write(bytes.subarray(MIB));
    await until(() => heard.length === bytes.length);
    expect(sha256(heard)).toBe(sha256(bytes));
    expect(await utpProcesses()).toEqual(pids);
    // Whoever asked for a connection got one, up to what there is room for.
    expect(there.accepted.length).toBeGreaterThan(1);
    expect(there.accepted.length).toBeLessThanOrEqual(464);
    for (const { socket } of there.accepted) socket.destroy();
    await until(() => dialled.isClosed);
    const again = new Dialled(here, there.address);
    await until(() => again.isConnected);
    again.socket.destroy();
  });

  it("ends with the thread that started it, however that ends", async () => {
    const worker = new Worker(new URL("./utp-worker.mjs", import.meta.url), { workerData: 21_114 });
    expect(await once(worker, "message")).toEqual(["ready"]);
    const [pid] = await utpProcesses();
    const folder = dirname(gatePath(pid!));
    await worker.terminate();
    await until(async () => (await utpProcesses()).length === 0 && !existsSync(folder));
  });
});

/** Noise, headers of every type that belong to no connection, and 2,000 requests for one (BEP 29), each from the same place. */
async function throwDatagrams(port: number): Promise<void> {
  const random = createRandom(29);
  const socket = createSocket("udp4");
  for (let count = 0; count < 20_000; count += 1) {
    const packet = random.bytes(count % 3 === 0 ? 20 : Math.floor(random.next() * 200));
    if (packet.length >= 2 && count % 4 !== 0) {
      const type = count % 10 === 1 ? SYN : count % 5;
      packet[0] = (type << 4) | 1;
      packet[1] = count % 7 === 0 ? 1 : 0;
    }
    socket.send(packet, port, "127.0.0.1");
    if (count % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  socket.close();
}
