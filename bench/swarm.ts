import { ARMS, type ArmName } from "./swarm/arm.ts";
import { benchTorrent } from "./swarm/content.ts";
import { measureCell, PHASES, titleOf } from "./swarm/matrix.ts";
import { SCENARIOS } from "./swarm/scenarios.ts";
import { measureHttp, measureThinPeers, measureThroughput } from "./swarm/traffic.ts";
import { printTable, type Row } from "./table.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Large enough that 600 MiB are in the middle of it. */
const FILM_BYTES = 1024 * MIB;
const PIECE_LENGTHS = { "256k": 256 * KIB, "1m": MIB, "4m": 4 * MIB } as const;
const TRAFFIC = { throughput: measureThroughput, thin: measureThinPeers, http: measureHttp } as const;
/** A look at it in some minutes; `all` takes most of an hour. */
const BY_DEFAULT = ["1m", "one", "stalled", "mixed", "poison", "throughput", "thin", "http"];

/**
 * One swarm of scripted seeds after the other, met by our engine, WebTorrent as it comes and a tuned libtorrent in turn.
 * Words select piece lengths, swarms, phases, arms and traffic; of a kind without a word all are meant. `x3` = the median of three.
 */
export async function benchSwarm(words: readonly string[]): Promise<Row[]> {
  const selection = select(words.length === 0 ? BY_DEFAULT : words);
  const rows: Row[] = [];
  const show = (more: readonly Row[]): void => {
    printTable(more);
    rows.push(...more);
  };
  for (const length of selection.pieceLengths) {
    const torrent = await benchTorrent(FILM_BYTES, length);
    for (const scenario of selection.scenarios) {
      const { phases, arms, rounds } = selection;
      console.log(`\n${titleOf({ scenario, torrent })}`);
      show(await measureCell({ scenario, torrent, phases, arms, rounds }));
    }
  }
  for (const measure of selection.traffic) {
    console.log("");
    show(await measure(selection.arms, selection.rounds));
  }
  console.log("\nAll of it:");
  return rows;
}

function select(words: readonly string[]) {
  const unknown = new Set(words);
  const pick = <Value>(known: Readonly<Record<string, Value>>): Value[] =>
    Object.entries(known).flatMap(([word, value]) => (words.includes(word) && unknown.delete(word) ? [value] : []));
  const pieceLengths = pick(PIECE_LENGTHS);
  const scenarios = pick(Object.fromEntries(SCENARIOS.map((scenario) => [scenario.name, scenario])));
  const phases = pick(Object.fromEntries(PHASES.map((phase) => [phase, phase])));
  const traffic = pick(TRAFFIC);
  const arms = pick<ArmName>(Object.fromEntries(ARMS.map((arm) => [arm, arm])));
  const [rounds = 1] = words.flatMap((word) =>
    /^x\d+$/.test(word) && unknown.delete(word) ? [Number(word.slice(1))] : [],
  );
  const isAll = unknown.delete("all");
  if (unknown.size > 0) {
    const known = [PIECE_LENGTHS, TRAFFIC].flatMap(Object.keys).concat(
      SCENARIOS.map(({ name }) => name),
      PHASES,
      ARMS,
    );
    console.error(`The swarm bench knows no ${[...unknown].join(", ")}, but: all, x3, ${known.join(", ")}.`);
    process.exit(1);
  }
  const hasMatrix = isAll || traffic.length === 0 || pieceLengths.length + scenarios.length + phases.length > 0;
  return {
    pieceLengths: hasMatrix ? orAll(pieceLengths, Object.values(PIECE_LENGTHS)) : [],
    scenarios: orAll(scenarios, SCENARIOS),
    phases: orAll(phases, PHASES),
    arms: orAll(arms, ARMS),
    traffic: isAll ? orAll(traffic, Object.values(TRAFFIC)) : traffic,
    rounds,
  };
}

function orAll<Value>(picked: readonly Value[], all: readonly Value[]): readonly Value[] {
  return picked.length > 0 ? picked : all;
}
