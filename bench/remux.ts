import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { ChunkPool, clockFrom, type StreamContext } from "@riptide/core";
import { createStreamFactory, createTimings } from "@riptide/stream";
import { discoverFfmpeg, Transcoder } from "@riptide/transcode";
import { films } from "../test/films/films.ts";
import { openFileProvider } from "./file-provider.ts";
import { ensureMediabunny, remuxWithMediabunny } from "./mediabunny.ts";
import { measureRemuxOverHttp } from "./remux-http.ts";
import { median, percentile, type Row } from "./table.ts";

const STARTS = 61;
/** Arms that are compared take turns, so that whatever else the machine does hits all of them. */
const ROUNDS = 7;
const SLOW_ROUNDS = 3;
const never = new AbortController().signal;
const chunks = new ChunkPool();
const clock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });

interface Run {
  readonly seconds: number;
  readonly firstFragmentMs: number;
  /** Of the source, when the first fragment was there. Undefined where nobody can tell. */
  readonly neededBytes: number | undefined;
}

/** Ten minutes of Matroska at 8 Mb/s become fragmented MP4: by us, by ffmpeg in three ways, by mediabunny. */
export async function benchRemux(): Promise<Row[]> {
  const path = await films.ensure("long");
  await ensureMediabunny();
  const { size } = await stat(path);
  const { starts, first, growthBytes } = await measureOurselves(path);
  const ours: Run[] = [];
  const toNull: Run[] = [];
  const toMp4: Run[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await remuxOurselves(path, { isWhole: true }));
    toNull.push(await remuxByFfmpegFile(path, ["-f", "null", "-"]));
    toMp4.push(await remuxByFfmpegFile(path, FRAGMENTED));
  }
  const piped = await rounds(() => remuxByFfmpegPipe(path));
  const bunny = await rounds(() => remuxWithMediabunny(path));
  const speed = (what: string, runs: readonly Run[]): Row =>
    row(`${what}: throughput`, size / 1e6 / median(runs, (run) => run.seconds), "MB/s");
  const firstFragment = (what: string, runs: readonly Run[]): Row =>
    row(
      `${what}: first fragment after`,
      median(runs, (run) => run.firstFragmentMs),
      "ms",
    );
  /** Of runs side by side. */
  const ratio = (theirs: readonly Run[]): number =>
    percentile(
      theirs.map(({ seconds }, round) => seconds / ours[round]!.seconds),
      0.5,
    );
  return [
    firstFragment("ours, right after the start", starts.slice(0, 1)),
    { ...firstFragment("ours", starts), goal: { relation: "<", value: 10 } },
    {
      ...row("ours: source needed for the first fragment", median(starts, (run) => run.neededBytes ?? 0) / 1e6, "MB"),
      goal: { relation: "<", value: 1.2 },
    },
    { ...row("ours: growth of memory", growthBytes / 1e6, "MB"), goal: { relation: "<", value: 64 } },
    speed("ours, first film after the start", [first]),
    speed("ours", ours),
    speed("ffmpeg, file to null", toNull),
    speed("ffmpeg, file to fragmented MP4 in /dev/null", toMp4),
    firstFragment("ffmpeg, by pipes", piped),
    speed("ffmpeg, by pipes", piped),
    firstFragment("mediabunny", bunny),
    speed("mediabunny", bunny),
    { ...row("ours : ffmpeg, file to null", ratio(toNull), ""), goal: { relation: "≥", value: 1 } },
    row("ours : ffmpeg, file to fragmented MP4", ratio(toMp4), ""),
    ...(await measureRemuxOverHttp()),
  ];
}

function row(what: string, value: number, unit: string): Row {
  return { what, value, unit, goal: undefined };
}

/** Before anything else takes memory in this process. */
async function measureOurselves(path: string) {
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  const starts: Run[] = [];
  for (let start = 0; start < STARTS; start += 1) starts.push(await remuxOurselves(path, { isWhole: false }));
  const first = await remuxOurselves(path, { isWhole: true });
  for (let film = 1; film < SLOW_ROUNDS; film += 1) await remuxOurselves(path, { isWhole: true });
  clearInterval(watch);
  return { starts, first, growthBytes: most - before };
}

/** As a request would have it: the producer, and a client that takes all it gets. */
async function remuxOurselves(path: string, { isWhole }: { readonly isWhole: boolean }): Promise<Run> {
  await using provider = await openFileProvider(path, chunks);
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

const FRAGMENTED = ["-movflags", "frag_keyframe+empty_moov+delay_moov", "-f", "mp4", "-y", "/dev/null"];

async function remuxByFfmpegFile(path: string, output: readonly string[]): Promise<Run> {
  const startMs = performance.now();
  const words = ["-v", "error", "-i", path, "-map", "0:v:0", "-map", "0:a:0", "-c", "copy", ...output];
  const [code] = await once(spawn("ffmpeg", words, { stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return { seconds: (performance.now() - startMs) / 1000, firstFragmentMs: Number.NaN, neededBytes: undefined };
}

/** As Riptide runs it for what it cannot do itself. */
async function remuxByFfmpegPipe(path: string): Promise<Run> {
  const ffmpeg = await discoverFfmpeg({ signal: never });
  if (ffmpeg === undefined) throw new Error("This bench needs ffmpeg.");
  await using provider = await openFileProvider(path, chunks);
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
  for (let round = 0; round < SLOW_ROUNDS; round += 1) runs.push(await run());
  return runs;
}
