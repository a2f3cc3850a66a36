import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "./table.ts";
import type { World } from "./world.ts";

const STREAMS = 200;
/** Until every stream has filled the socket and stands still. */
const SETTLE_MS = 3_000;

/** What one more stream costs whose client asked for a film and then stopped reading. */
export async function measureMemory({ riptide, resident }: World): Promise<Row[]> {
  const pid = riptide.process.child.pid!;
  const before = await residentBytes(pid);
  const url = new URL(`${riptide.url}/stream/${resident.infoHash}/0/direct`);
  const sockets = await Promise.all(Array.from({ length: STREAMS }, () => openAndStall(url)));
  await delay(SETTLE_MS);
  const after = await residentBytes(pid);
  for (const socket of sockets) socket.destroy();
  return [
    { what: "memory of the idle server", value: before / 1e6, unit: "MB", goal: undefined },
    {
      what: "memory of one more stalled stream",
      value: (after - before) / STREAMS / 1024,
      unit: "KiB",
      goal: undefined,
    },
  ];
}

/** Resolves once the film was answered for; of its body no more than comes with the header is ever read. */
function openAndStall({ hostname, port, host, pathname }: URL): Promise<Socket> {
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk: Buffer) => {
      socket.pause();
      const statusLine = chunk.toString("latin1", 0, chunk.indexOf("\r\n"));
      if (/^HTTP\/1\.1 20[06] /.test(statusLine)) resolve(socket);
      else reject(new Error(`A stream was answered with ${statusLine}`));
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("A stream was closed before it began")));
  });
}

/** What a process has in memory now, or had at most so far. */
export async function residentBytes(pid: number, field: "VmRSS" | "VmHWM" = "VmRSS"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)![1]) * 1024;
}
