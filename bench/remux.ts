import { spawn } from "node:child_process";
import { once } from "node:events";
import { ChunkPool, clockFrom, type StreamContext } from "@riptide/core";
import { createStreamFactory, createTimings } from "@riptide/stream";
import { discoverFfmpeg, Transcoder } from "@riptide/transcode";
import { films } from "../test/films/films.ts";
import { openFileProvider } from "./file-provider.ts";
import { ensureMediabunny, remuxWithMediabunny } from "./mediabunny.ts";
import { percentile, type Row } from "./table.ts";

const STARTS = 21;
const ROUNDS = 3;
const never = new AbortController().signal;
const chunks = new ChunkPool();
const clock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });

interface Run {
  readonly seconds: number;
  readonly firstFragmentMs: number;
  /** Of the source, when the first fragment was there. Undefined where nobody can tell. */
  readonly neededBytes: number | undefined;
}

/** Ten minutes of Matroska at 8 Mb/s become fragmented MP4: by us, by ffmpeg in two ways, by mediabunny. */
export async function benchRemux(): Promise<Row[]> {
  const path = await films.ensure("long");
  await ensureMediabunny();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  const starts: Run[] = [];
  for (let start = 0; start < STARTS; start += 1) starts.push(await remuxOurselves(path, { isWhole: false }));
  const ours = await rounds(() => remuxOurselves(path, { isWhole: true }));
  clearInterval(watch);
  const toNull = await rounds(() => remuxByFfmpegFile(path));
  const piped = await rounds(() => remuxByFfmpegPipe(path));
  const bunny = await rounds(() => remuxWithMediabunny(path));
  await using file = await openFileProvider(path);
  const megabytesPerSecond = (runs: readonly Run[]): number =>
    file.sizeBytes / 1e6 / median(runs, (run) => run.seconds);
  const speed = (what: string, runs: readonly Run[]): Row => ({
    what: `${what}: throughput`,
    value: megabytesPerSecond(runs),
    unit: "MB/s",
    goal: undefined,
  });
  const first = (what: string, runs: readonly Run[]): Row => ({
    what: `${what}: first fragment after`,
    value: median(runs, (run) => run.firstFragmentMs),
    unit: "ms",
    goal: undefined,
  });
  return [
    { ...first("ours", starts), goal: { relation: "<", value: 10 } },
    {
      what: "ours: source needed for the first fragment",
      value: median(starts, (run) => run.neededBytes ?? 0) / 1e6,
      unit: "MB",
      goal: { relation: "<", value: 1.2 },
    },
    { what: "ours: growth of memory", value: (most - before) / 1e6, unit: "MB", goal: { relation: "<", value: 64 } },
    speed("ours", ours),
    speed("ffmpeg, file to null", toNull),
    first("ffmpeg, by pipes", piped),
    speed("ffmpeg, by pipes", piped),
    first("mediabunny", bunny),
    speed("mediabunny", bunny),
    {
      what: "ours : ffmpeg, file to null",
      value: megabytesPerSecond(ours) / megabytesPerSecond(toNull),
      unit: "",
      goal: { relation: "≥", value: 1 },
    },
  ];
}

/** As a request would have it: the producer, and a client that takes all it gets. */
async function remuxOurselves(path: string, { isWhole }: { readonly isWhole: boolean }): Promise<Run> {
  await using provider = await openFileProvider(path);
  const file = { infoHash: "0".repeat(40), index: 0, name: "film.mkv" };
  const context: StreamContext = { provider, file, clock, timings: createTimings(clock), chunks, signal: never };
  const { remux } = createStreamFactory({ ffmpeg: undefined, clock });
  const startMs = performance.now();
  const response = await remux.produce(new Request("http://127.0.0.1/remux.mp4"), context);
  const reader = response.body!.getReader();
  const first = await readToFirstFragment(reader, startMs);
  const neededBytes = provider.readBytes;
  if (isWhole) await readToEnd(reader);
  await reader.cancel();
  return { ...first, neededBytes, seconds: (performance.now() - startMs) / 1000 };
}

async function remuxByFfmpegFile(path: string): Promise<Run> {
  const startMs = performance.now();
  const words = ["-v", "error", "-i", path, "-map", "0:v:0", "-map", "0:a:0", "-c", "copy", "-f", "null", "-"];
  const [code] = await once(spawn("ffmpeg", words, { stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return { seconds: (performance.now() - startMs) / 1000, firstFragmentMs: Number.NaN, neededBytes: undefined };
}

/** As Riptide runs it for what it cannot do itself. */
async function remuxByFfmpegPipe(path: string): Promise<Run> {
  const ffmpeg = await discoverFfmpeg({ signal: never });
  if (ffmpeg === undefined) throw new Error("This bench needs ffmpeg.");
  await using provider = await openFileProvider(path);
  const startMs = performance.now();
  const output = await new Transcoder({ ffmpeg, clock }).start({
    plan: { demuxer: "matroska", video: { index: 0, codec: "copy" }, audio: { index: 0, codec: "copy" } },
    input: async function* input() {
      for (let at = 0; at < provider.sizeBytes; at += 65_536)
        yield await provider.readAt(at, 65_536, { signal: never });
    },
    signal: never,
  });
  const reader = output.getReader();
  const first = await readToFirstFragment(reader, startMs);
  await readToEnd(reader);
  return { ...first, neededBytes: undefined, seconds: (performance.now() - startMs) / 1000 };
}

async function readToFirstFragment(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  startMs: number,
): Promise<{ readonly firstFragmentMs: number }> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("There was no fragment");
    if (Buffer.from(value).includes("moof")) return { firstFragmentMs: performance.now() - startMs };
  }
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.giveBack(read.value);
}

async function rounds(run: () => Promise<Run>): Promise<Run[]> {
  const runs: Run[] = [];
  for (let round = 0; round < ROUNDS; round += 1) runs.push(await run());
  return runs;
}

function median(runs: readonly Run[], valueOf: (run: Run) => number): number {
  return percentile(runs.map(valueOf), 0.5);
}
