import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChunkPool, clockFrom, type StreamContext } from "@riptide/core";
import { createStreamFactory, createTimings } from "@riptide/stream";
import { discoverFfmpeg } from "@riptide/transcode";
import { openFileProvider } from "./file-provider.ts";
import { percentile, type Row } from "./table.ts";

const DURATION_SECONDS = 20;
const ROUNDS = 3;
const never = new AbortController().signal;
const clock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });

/** Codecs that browsers lack, as films of 720p with the grain that makes them hard to encode. */
const SOURCES: Readonly<Record<string, string>> = {
  "MPEG-4 ASP": "-c:v mpeg4 -vtag XVID -b:v 3M -g 240 -bf 2 -c:a libmp3lame",
  "MPEG-2": "-c:v mpeg2video -b:v 6M -g 15 -bf 2 -c:a ac3",
  HEVC: "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=240 -b:v 3M -c:a ac3",
};
const PICTURE =
  "-f lavfi -i testsrc2=size=1280x720:rate=24,noise=c0_seed=1:c0_strength=12:c0f=t -f lavfi -i sine=440:r=48000";
const BY_HAND =
  "-map 0:v -map 0:a -c:v libx264 -preset veryfast -tune zerolatency -threads 2 -crf 23 -pix_fmt yuv420p -c:a aac -ac 2 -f null -";

interface Run {
  readonly seconds: number;
  readonly firstFragmentMs: number;
}

/** How much faster than it plays a film of 720p is converted to H.264 and AAC, from its start and from its middle. */
export async function benchTranscode(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-bench-"));
  try {
    const rows: Row[] = [];
    for (const [name, encoding] of Object.entries(SOURCES)) {
      const path = join(folder, "film.mkv");
      await ffmpeg(`-y ${PICTURE} -t ${DURATION_SECONDS} -pix_fmt yuv420p ${encoding} ${path}`);
      rows.push(...(await benchFilm(name, path)));
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function benchFilm(name: string, path: string): Promise<Row[]> {
  const ours: Run[] = [];
  const byHand: Run[] = [];
  const seeks: Run[] = [];
  // In turns, so that what else the machine does strikes all of them.
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await convert(path, "t=0", { isWhole: true }));
    byHand.push(await timed(() => ffmpeg(`-i ${path} ${BY_HAND}`)));
    seeks.push(await convert(path, `t=${DURATION_SECONDS / 2}`, { isWhole: false }));
  }
  const speed = (runs: readonly Run[]): number => DURATION_SECONDS / median(runs, ({ seconds }) => seconds);
  const row = (what: string, value: number, unit: string): Row => ({
    what: `${name}: ${what}`,
    value,
    unit,
    goal: undefined,
  });
  return [
    { ...row("as fast as it plays, times", speed(ours), ""), goal: { relation: "≥", value: 1 } },
    row("ffmpeg by hand, file to null, times", speed(byHand), ""),
    row("ours : ffmpeg by hand", speed(ours) / speed(byHand), ""),
    row(
      "first fragment after",
      median(ours, (run) => run.firstFragmentMs),
      "ms",
    ),
    row(
      "first fragment from the middle after",
      median(seeks, (run) => run.firstFragmentMs),
      "ms",
    ),
  ];
}

/** As a request would have it: the producer, and a client that takes all it gets. */
async function convert(path: string, query: string, { isWhole }: { readonly isWhole: boolean }): Promise<Run> {
  await using provider = await openFileProvider(path, new ChunkPool());
  const file = { infoHash: "0".repeat(40), index: 0, name: "film.mkv" };
  const context: StreamContext = { provider, file, clock, timings: createTimings(clock), signal: never };
  await using factory = createStreamFactory({ ffmpeg: await discoverFfmpeg({ signal: never }), clock });
  const startMs = performance.now();
  const request = new Request(`http://127.0.0.1/remux.mp4?video=h264&${query}`);
  const response = await factory.remux.produce(request, context);
  const reader = response.body!.getReader();
  await reader.read();
  const firstFragmentMs = performance.now() - startMs;
  for (let isOpen = isWhole; isOpen; ) isOpen = !(await reader.read()).done;
  await reader.cancel();
  return { firstFragmentMs, seconds: (performance.now() - startMs) / 1000 };
}

async function timed(work: () => Promise<void>): Promise<Run> {
  const startMs = performance.now();
  await work();
  return { seconds: (performance.now() - startMs) / 1000, firstFragmentMs: Number.NaN };
}

async function ffmpeg(line: string): Promise<void> {
  const [code] = await once(spawn("ffmpeg", `-v error ${line}`.split(" "), { stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
}

function median(runs: readonly Run[], valueOf: (run: Run) => number): number {
  return percentile(runs.map(valueOf), 0.5);
}
