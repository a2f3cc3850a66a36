import { connect, type Socket } from "node:net";
import { startProcess } from "../test/support/processes.ts";
import { waitUntil } from "../test/support/wait.ts";
import { percentile, type Row } from "./table.ts";
import { BUSY_BYTES_PER_SECOND, RESIDENT_BYTES, type World } from "./world.ts";

/** So many that a hundredth of them is not a matter of a few pauses. */
const REQUESTS = 5_000;
const RANGE_BYTES = 64 * 1024;
const END_OF_HEAD = "\r\n\r\n";

/** Time from sending a Range request for resident bytes to the first byte of its body: idle, and while downloading. */
export async function measureFirstByte(world: World): Promise<Row[]> {
  const nginx = await firstBytes(world.nginxUrl, RESIDENT_BYTES);
  const idle = await firstBytes(world.residentUrl, RESIDENT_BYTES);
  const url = `${world.riptide.url}/stream/${world.busy.infoHash}/0/direct`;
  // In a process of its own, for this one is to do nothing but measure.
  await using _download = startProcess("curl", ["-s", "-o", "/dev/null", url]);
  await waitUntil("the download is under way", async () => {
    return (await world.riptide.torrent(world.busy.infoHash)).downloadBytesPerSecond > 0.8 * BUSY_BYTES_PER_SECOND;
  });
  const before = await world.riptide.torrent(world.busy.infoHash);
  const startedMs = performance.now();
  const busy = await firstBytes(world.residentUrl, RESIDENT_BYTES);
  const seconds = (performance.now() - startedMs) / 1000;
  const after = await world.riptide.torrent(world.busy.infoHash);
  const pace = (after.downloadedBytes - before.downloadedBytes) / seconds / 1e6;
  return [
    row("first byte, nginx, idle, p50", percentile(nginx, 0.5)),
    row("first byte, nginx, idle, p99", percentile(nginx, 0.99)),
    row("first byte, idle, p50", percentile(idle, 0.5)),
    row("first byte, idle, p99", percentile(idle, 0.99), 10),
    { what: "download meanwhile", value: pace, unit: "MB/s", goal: undefined },
    row("first byte, downloading, p50", percentile(busy, 0.5)),
    row("first byte, downloading, p99", percentile(busy, 0.99), 10),
  ];
}

function row(what: string, value: number, limit?: number): Row {
  return { what, value, unit: "ms", goal: limit === undefined ? undefined : { relation: "<", value: limit } };
}

/** In ms, of ranges all over a file that is there, one after the other on one connection. */
export async function firstBytes(url: string, fileBytes: number): Promise<number[]> {
  const { hostname, port, host, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const samples: number[] = [];
  for (let request = 0; request < REQUESTS; request += 1) {
    // A walk over the whole file in no order that readahead could guess.
    const start = ((request * 7_919) % Math.floor(fileBytes / RANGE_BYTES)) * RANGE_BYTES;
    const range = `bytes=${start}-${start + RANGE_BYTES - 1}`;
    samples.push(await firstByteOf(socket, `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nrange: ${range}\r\n\r\n`));
  }
  socket.destroy();
  return samples;
}

/** By hand: a client that makes a dozen objects of each request stops every now and then to collect them, as long as the slowest answers take. */
function firstByteOf(socket: Socket, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    let firstMs: number | undefined;
    let head = "";
    let isBody = false;
    let missingBytes = RANGE_BYTES;
    const hear = (bytes: Buffer): void => {
      let bodyBytes = bytes.length;
      if (!isBody) {
        head += bytes.toString("latin1");
        const end = head.indexOf(END_OF_HEAD);
        if (end < 0) return;
        if (!head.startsWith("HTTP/1.1 206 ")) return reject(new Error(head.slice(0, end)));
        isBody = true;
        bodyBytes = head.length - end - END_OF_HEAD.length;
      }
      if (bodyBytes > 0) firstMs ??= performance.now() - startedMs;
      missingBytes -= bodyBytes;
      if (missingBytes > 0 || firstMs === undefined) return;
      socket.off("data", hear).off("error", reject);
      resolve(firstMs);
    };
    socket.on("data", hear).once("error", reject).write(request);
  });
}
