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
  const { hostname, port, host } = new URL(riptide.url);
  const sockets: Socket[] = [];
  for (let stream = 0; stream < STREAMS; stream += 1) {
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write(`GET /stream/${resident.infoHash}/0/direct HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    sockets.push(socket);
  }
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

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
