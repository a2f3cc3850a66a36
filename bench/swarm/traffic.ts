import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { PeerAddress } from "@riptide/swarm";
import { ClosingStack } from "../../packages/cli/src/closing-stack.ts";
import { startAria2 } from "../../test/support/peers/aria2.ts";
import { startLibtorrent } from "../../test/support/peers/libtorrent.ts";
import { startTracker } from "../../test/support/peers/tracker.ts";
import { startProcess } from "../../test/support/processes.ts";
import { startQuietRiptide } from "../../test/support/riptide.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { waitUntil } from "../../test/support/wait.ts";
import { firstBytes } from "../first-byte.ts";
import { median, percentile, type Row } from "../table.ts";
import { speedOf } from "../throughput.ts";
import { type Arm, type ArmName, cpuSecondsOf, startArm } from "./arm.ts";
import { type BenchTorrent, benchTorrent } from "./content.ts";
import type { SeedSpec } from "./scenarios.ts";
import { startSeeds } from "./seeds.ts";

const MIB = 1024 * 1024;
const FAT_BYTES = 1024 * MIB;
const THIN_BYTES = 128 * MIB;
const RESIDENT_BYTES = 64 * MIB;
const THIN_SEEDS: readonly SeedSpec[] = Array.from({ length: 30 }, () => ({
  host: "127.0.0.1",
  bytesPerSecond: 333_000,
  latencyMs: 20,
}));
const CPU_GOAL = 1.2;
/** A minute of thin peers, after which the compiler of JavaScript has done most of its work. */
const WARM_UP_ROUNDS = 4;
const MIN_ROUNDS = 5;
/** A cache that has been filled is written to disk some time, and not while the next arm runs. */
const SETTLE_MS = 2_000;

interface Download {
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
}

/** The first of all, and those of each round. */
interface Downloads {
  readonly first?: Download;
  readonly rounds: readonly Download[];
}

/** One seed that has all the machine leaves it: a libtorrent, which is no scarcer than the leechers. */
export async function measureThroughput(arms: readonly ArmName[], rounds: number): Promise<Row[]> {
  const torrent = await benchTorrent(FAT_BYTES, MIB);
  await using seed = await startLibtorrent({
    torrentPath: torrent.torrentPath,
    saveDirectory: torrent.directory,
    role: "seed",
    encryption: "off",
  });
  const downloads = await downloadAll(arms, torrent, [{ host: "127.0.0.1", port: seed.port }], rounds);
  return [
    ...downloadRows("one fat peer", downloads),
    ...ratioRows("one fat peer, MB/s, ours : libtorrent", downloads, "megabytesPerSecond", ["≥", 1]),
    ...ratioRows("one fat peer, CPU, ours : libtorrent", downloads, "cpuSecondsPerGigabyte", ["<", 1]),
  ];
}

/** The common case: 10 MB/s that come from thirty peers. */
export async function measureThinPeers(arms: readonly ArmName[], rounds: number): Promise<Row[]> {
  const torrent = await benchTorrent(THIN_BYTES, MIB);
  await using seeds = await startSeeds(torrent, THIN_SEEDS);
  const downloads = await downloadAll(arms, torrent, seeds.peers, rounds);
  return [
    ...downloadRows("30 thin peers", downloads),
    ...ratioRows("30 thin peers, CPU, ours : libtorrent", downloads, "cpuSecondsPerGigabyte", ["<", CPU_GOAL]),
  ];
}

/** What a viewer notices of a download from thin peers: nothing. */
export async function measureHttp(): Promise<Row[]> {
  const [resident, busy] = [await benchTorrent(RESIDENT_BYTES, MIB), await benchTorrent(FAT_BYTES, MIB)];
  await using fast = await startSeeds(resident, [{ host: "127.0.0.1" }]);
  await using thin = await startSeeds(busy, THIN_SEEDS);
  await using folder = await temporaryFolder("bench");
  const peers = [...fast.peers, ...thin.peers].map(({ host, port }) => `--peer=${host}:${port}`);
  await using riptide = await startQuietRiptide(folder.path, ...peers);
  for (const { torrentPath } of [resident, busy]) await riptide.add(await readFile(torrentPath));
  const urlOf = ({ infoHash }: BenchTorrent): string => `${riptide.url}/stream/${infoHash}/0/direct`;
  await speedOf(urlOf(resident));
  const idle = await firstBytes(urlOf(resident), RESIDENT_BYTES);
  await using _download = startProcess("curl", ["-s", "-o", "/dev/null", urlOf(busy)]);
  await waitUntil("the download is under way", async () => {
    return (await riptide.torrent(busy.infoHash)).downloadBytesPerSecond > 7_000_000;
  });
  const startedMs = performance.now();
  const before = await riptide.torrent(busy.infoHash);
  const loaded = await firstBytes(urlOf(resident), RESIDENT_BYTES);
  const seconds = (performance.now() - startedMs) / 1000;
  const after = await riptide.torrent(busy.infoHash);
  return [
    row("HTTP first byte, idle, p99", percentile(idle, 0.99), "ms"),
    row("download meanwhile, 30 thin peers", (after.downloadedBytes - before.downloadedBytes) / seconds / 1e6, "MB/s"),
    {
      ...row("HTTP first byte, downloading, p99", percentile(loaded, 0.99), "ms"),
      goal: { relation: "<", value: 10 },
    },
  ];
}

/**
 * The same again and again: a server has been running for long, while JavaScript is compiled as it runs. The first download is told too; it
 * also fills the memory that all arms then take their file cache from. Then the arms take turns, so that what else the host of this machine
 * does meets them all, and the median of each counts. aria2, which cannot be told to wait, comes last and once.
 */
async function downloadAll(
  names: readonly ArmName[],
  torrent: BenchTorrent,
  peers: readonly PeerAddress[],
  rounds: number,
): Promise<ReadonlyMap<ArmName | "aria2", Downloads>> {
  await using stack = new ClosingStack();
  const results = new Map<ArmName | "aria2", Downloads & { readonly rounds: Download[] }>();
  const arms = new Map<ArmName, Arm>();
  for (const name of names) {
    const arm = await startArm(name, torrent, peers);
    stack.defer(() => arm[Symbol.asyncDispose]());
    arms.set(name, arm);
    results.set(name, { first: await downloadBy(arm, torrent), rounds: [] });
    for (let round = 1; round < WARM_UP_ROUNDS; round += 1) await downloadBy(arm, torrent);
  }
  for (let round = 0; round < Math.max(rounds, MIN_ROUNDS); round += 1) {
    for (const [name, arm] of arms) results.get(name)!.rounds.push(await downloadBy(arm, torrent));
  }
  return results.set("aria2", { rounds: [await downloadByAria2(torrent, peers)] });
}

async function downloadBy(arm: Arm, torrent: BenchTorrent): Promise<Download> {
  const cpuBefore = await arm.cpuSeconds();
  const { fromMs, toMs } = await arm.run("whole");
  const cpuSeconds = (await arm.cpuSeconds()) - cpuBefore;
  await arm.run("forget");
  await delay(SETTLE_MS);
  return downloadOf(torrent, (toMs - fromMs) / 1000, cpuSeconds);
}

/** It finds its peers by a tracker and cannot be told to wait: its start counts. */
async function downloadByAria2(torrent: BenchTorrent, peers: readonly PeerAddress[]): Promise<Download> {
  await using tracker = await startTracker(() => peers.map(({ port }) => port));
  await using folder = await temporaryFolder("bench-aria2");
  const startedMs = performance.now();
  await using aria2 = await startAria2({
    source: torrent.torrentPath,
    saveDirectory: folder.path,
    trackerUrl: tracker.url,
  });
  const isComplete = (): boolean => tracker.announces.some((announce) => announce.get("event") === "completed");
  await waitUntil("aria2 has it all", isComplete, 120_000);
  return downloadOf(torrent, (performance.now() - startedMs) / 1000, await cpuSecondsOf(aria2.pid));
}

function downloadOf({ lengthBytes }: BenchTorrent, seconds: number, cpuSeconds: number): Download {
  return { megabytesPerSecond: lengthBytes / 1e6 / seconds, cpuSecondsPerGigabyte: cpuSeconds / (lengthBytes / 1e9) };
}

function downloadRows(what: string, downloads: ReadonlyMap<string, Downloads>): Row[] {
  return [...downloads].flatMap(([arm, { first, rounds }]) => [
    row(
      `${what}, ${arm}`,
      median(rounds, (download) => download.megabytesPerSecond),
      "MB/s",
    ),
    row(
      `${what}, ${arm}, CPU`,
      median(rounds, (download) => download.cpuSecondsPerGigabyte),
      "s/GB",
    ),
    ...(first === undefined
      ? []
      : [row(`${what}, ${arm}, CPU of its first download`, first.cpuSecondsPerGigabyte, "s/GB")]),
  ]);
}

/** In the median of the rounds: what the host of this machine does for seconds meets both arms of a round. */
function ratioRows(
  what: string,
  downloads: ReadonlyMap<string, Downloads>,
  figure: keyof Download,
  [relation, goal]: readonly ["<" | "≥", number],
): Row[] {
  const [ours, theirs] = [downloads.get("ours"), downloads.get("libtorrent")];
  if (ours === undefined || theirs === undefined) return [];
  const ratios = ours.rounds.map((download, round) => download[figure] / theirs.rounds[round]![figure]);
  const beside = { lowest: Math.min(...ratios), highest: Math.max(...ratios) };
  return [{ what, value: median(ratios, (ratio) => ratio), unit: "", goal: { relation, value: goal }, beside }];
}

function row(what: string, value: number, unit: string): Row {
  return { what, value, unit, goal: undefined };
}
