import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "../table.ts";
import { ARMS, type ArmName, type ArmReply, startArm } from "./arm.ts";
import type { BenchTorrent } from "./content.ts";
import { type Ideal, idealOf, type Scenario } from "./scenarios.ts";
import { startSeeds } from "./seeds.ts";

const MIB = 1024 * 1024;
export const PHASES = ["start", "gap", "seek", "jump"] as const;
type Phase = (typeof PHASES)[number];

/** What is read from the start, and then went on being read while another reader comes. */
const READ_BYTES = 8 * MIB;
const SEEK_OFFSET = 600 * MIB;
const JUMP_OFFSET = 300 * MIB;
/** Of the ideal time, of libtorrent's time, and of the bytes that are needed. */
const TIME_GOAL = 1.15;
const LIBTORRENT_GOAL = 1.05;
const BYTES_GOAL = 1.1;
/**
 * The seeds and we are compiled as we run, which takes 60 ms of a first start; a server has been running for long, and so has whoever is at
 * the other end of a line. The first start is told too.
 */
const STARTS = 5;
/** What seeds were asked for and send to nobody any more has left them by then. */
const SETTLE_MS = 1_000;

export interface Cell {
  readonly scenario: Scenario;
  readonly torrent: BenchTorrent;
  readonly phases: readonly Phase[];
  readonly arms: readonly ArmName[];
  /** Arms take turns that often; the median counts. */
  readonly rounds: number;
}

interface Measured {
  readonly ms: number;
  /** Payload that the seeds sent until the last byte that was needed left them. */
  readonly sentBytes: number;
}

interface Run {
  readonly firstStartMs?: number;
  readonly fastestStart?: Measured;
  readonly start?: Measured;
  readonly seek?: Measured;
  readonly jump?: Measured;
  readonly gapMs?: number;
}

/** One swarm, one piece length: every arm meets seeds of its own, one after the other. */
export async function measureCell(cell: Cell): Promise<Row[]> {
  const runs = new Map<ArmName, Run[]>();
  for (let round = 0; round < cell.rounds; round += 1) {
    for (const arm of cell.arms) runs.set(arm, [...(runs.get(arm) ?? []), await tryRun(arm, cell)]);
  }
  return rowsOf(cell, runs);
}

/** An arm that does not get there in time has measured nothing more: the others go on. */
async function tryRun(name: ArmName, cell: Cell): Promise<Run> {
  const run: { -readonly [Key in keyof Run]: Run[Key] } = {};
  try {
    await runArm(name, cell, run);
  } catch (error) {
    console.error(`${titleOf(cell)}: ${name}: ${String(error).slice(0, 300)}`);
  }
  return run;
}

async function runArm(
  name: ArmName,
  { scenario, torrent, phases }: Cell,
  run: { -readonly [Key in keyof Run]: Run[Key] },
): Promise<void> {
  await using seeds = await startSeeds(torrent, scenario.seeds);
  await using arm = await startArm(name, torrent, seeds.peers);
  const latencyMs = Math.max(...scenario.seeds.map((seed) => seed.latencyMs ?? 0));
  const measured = async ({ fromMs, toMs }: ArmReply): Promise<Measured> => ({
    ms: toMs - fromMs,
    // What left the seeds later was not waited for.
    sentBytes: await seeds.sentBytes(fromMs, toMs - latencyMs),
  });
  for (let number = 1; phases.includes("start") && number < STARTS; number += 1) {
    const start = await measured(await arm.run("open"));
    run.firstStartMs ??= start.ms;
    run.fastestStart = fasterOf(run.fastestStart, start);
    await arm.run("forget");
    await delay(SETTLE_MS);
  }
  run.start = await measured(await arm.run("open"));
  // It dials in its tick of once a second, and is compiled already: its best start is what it can do.
  if (name === "libtorrent") run.start = fasterOf(run.fastestStart, run.start);
  if (phases.every((phase) => phase === "start")) return;
  run.gapMs = (await arm.run("read", READ_BYTES)).gapMs;
  if (phases.includes("seek")) run.seek = await measured(await arm.run("seek", SEEK_OFFSET));
  if (phases.includes("jump")) run.jump = await measured(await arm.run("jump", JUMP_OFFSET));
}

function fasterOf(left: Measured | undefined, right: Measured): Measured {
  return left !== undefined && left.ms < right.ms ? left : right;
}

function rowsOf(cell: Cell, runs: ReadonlyMap<ArmName, readonly Run[]>): Row[] {
  const { scenario, torrent, phases } = cell;
  const ideal = idealOf(scenario, torrent.pieceLengthBytes);
  const rows: Row[] = [];
  for (const phase of ["start", "seek", "jump"] as const) {
    if (!phases.includes(phase)) continue;
    const timeOf = (arm: ArmName): number => median(runs.get(arm)?.map((run) => run[phase]?.ms));
    const sentOf = (arm: ArmName): number => median(runs.get(arm)?.map((run) => run[phase]?.sentBytes)) / 1024;
    const first = phase === "start" ? median(runs.get("ours")?.map((run) => run.firstStartMs)) : undefined;
    rows.push(
      ...timeRows({ what: `${titleOf(cell)}: ${phase}`, idealMs: ideal[IDEALS[phase]], first }, cell.arms, timeOf),
    );
    const needed = torrent.pieceLengthBytes / 1024;
    rows.push({
      what: `${titleOf(cell)}: ${phase}, sent`,
      value: sentOf("ours"),
      unit: "KiB",
      goal: { relation: "<", value: Math.ceil(BYTES_GOAL * needed) },
      beside: { needed, ...others(cell.arms, sentOf) },
    });
  }
  if (phases.includes("gap")) rows.push(gapRow(cell, ideal, runs));
  return rows;
}

const IDEALS = { start: "startMs", seek: "seekMs", jump: "seekMs" } as const;

function timeRows(
  { what, idealMs, first }: { readonly what: string; readonly idealMs: number; readonly first: number | undefined },
  arms: readonly ArmName[],
  timeOf: (arm: ArmName) => number,
): Row[] {
  const ours = timeOf("ours");
  const rows: Row[] = [
    {
      what,
      value: ours,
      unit: "ms",
      goal: { relation: "<", value: Math.round(TIME_GOAL * idealMs) },
      beside: { ideal: idealMs, "×": ours / idealMs, ...(first !== undefined && { first }), ...others(arms, timeOf) },
    },
  ];
  if (arms.includes("libtorrent")) {
    const ratio = ours / timeOf("libtorrent");
    rows.push({
      what: `${what}, ours : libtorrent`,
      value: ratio,
      unit: "",
      goal: { relation: "<", value: LIBTORRENT_GOAL },
    });
  }
  return rows;
}

/** Pieces of 4 MiB come four seconds apart at 1 MB/s, whatever the client does: no limit where even the ideal is too long. */
function gapRow(cell: Cell, { gapMs }: Ideal, runs: ReadonlyMap<ArmName, readonly Run[]>): Row {
  const gapOf = (arm: ArmName): number => median(runs.get(arm)?.map((run) => run.gapMs));
  const { gapLimitMs = Number.NaN } = cell.scenario;
  return {
    what: `${titleOf(cell)}: longest gap`,
    value: gapOf("ours"),
    unit: "ms",
    goal: gapMs < gapLimitMs ? { relation: "<", value: gapLimitMs } : undefined,
    beside: { ideal: gapMs, ...others(cell.arms, gapOf) },
  };
}

export function titleOf({ scenario, torrent }: Pick<Cell, "scenario" | "torrent">): string {
  return `${sizeWord(torrent.pieceLengthBytes)} pieces, ${scenario.what}`;
}

function sizeWord(bytes: number): string {
  return bytes >= MIB ? `${bytes / MIB} MiB` : `${bytes / 1024} KiB`;
}

function others(arms: readonly ArmName[], valueOf: (arm: ArmName) => number): Record<string, number> {
  return Object.fromEntries(
    ARMS.filter((arm) => arm !== "ours" && arms.includes(arm)).map((arm) => [arm, valueOf(arm)]),
  );
}

/** NaN where nothing was measured. */
function median(values: readonly (number | undefined)[] = []): number {
  const sorted = values.filter((value) => value !== undefined).sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
