import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type Film, prepareFilms, startSeeds } from "./load/films.ts";
import { type Server, startOurs, startWebtorrent } from "./load/servers.ts";
import { type Report, type Viewer, viewersOf } from "./load/viewers.ts";
import { residentBytes } from "./memory.ts";
import { percentile, type Row } from "./table.ts";

/** Half of them are there before anybody comes, the others come from peers while they are played. */
const TORRENTS = 20;
const RESIDENT_TORRENTS = 10;
const VIEWERS = { seeking: 100, stalled: 50, playing: 50 };
const DEFAULT_SECONDS = 30;
const SAMPLE_MS = 250;
/** Nothing excuses one. */
const WRONG_BYTES = "wrong bytes";

const SERVERS = { ours: startOurs, webtorrent: startWebtorrent };
type ServerName = keyof typeof SERVERS;

interface Outcome {
  readonly reports: readonly Report[];
  readonly peakBytes: number;
  readonly lagsMs: readonly number[];
}

/**
 * 200 viewers on 20 torrents: 100 seek at random, 50 play, 50 ask and take nothing. Every byte is compared. Words: how many
 * seconds it lasts, and the names of servers, if not all. The client runs on the same machine, and shares its cores.
 */
export async function benchLoad(words: readonly string[]): Promise<Row[]> {
  const seconds = words.map(Number).find((number) => number > 0) ?? DEFAULT_SECONDS;
  const names = (["ours", "webtorrent"] as const).filter((name) => words.includes(name));
  const films = await prepareFilms(TORRENTS);
  await using seeds = await startSeeds(films);
  const outcomes: Partial<Record<ServerName, Outcome>> = {};
  for (const name of names.length > 0 ? names : (["ours", "webtorrent"] as const)) {
    await using server = await SERVERS[name](films, seeds.peers, RESIDENT_TORRENTS);
    outcomes[name] = await putUnderLoad(server, films, seconds);
  }
  return rowsOf(outcomes);
}

async function putUnderLoad(server: Server, films: readonly Film[], seconds: number): Promise<Outcome> {
  const ending = new AbortController();
  // Each viewer listens.
  setMaxListeners(0, ending.signal);
  const viewers: Viewer[] = viewersOf(server, films, { ...VIEWERS, signal: ending.signal });
  const watching = Promise.all(viewers.map((viewer) => viewer.watch()));
  let peakBytes = 0;
  for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs; await delay(SAMPLE_MS)) {
    peakBytes = Math.max(peakBytes, await residentBytes(server.pid));
  }
  ending.abort();
  return { reports: await watching, peakBytes, lagsMs: await server.lagsMs() };
}

function rowsOf(outcomes: Partial<Record<ServerName, Outcome>>): Row[] {
  const rows: [what: string, unit: string, goal: number | undefined, value: (outcome: Outcome) => number][] = [
    [WRONG_BYTES, "", 1, ({ reports }) => sum(reports, ({ wrongBytes }) => wrongBytes)],
    ["requests that failed", "", 1, ({ reports }) => sum(reports, ({ failures }) => failures)],
    ["requests that were answered", "", undefined, ({ reports }) => sum(reports, ({ answers }) => answers)],
    ["bytes compared", "MB", undefined, ({ reports }) => sum(reports, ({ comparedBytes }) => comparedBytes) / 1e6],
    ["memory at most", "MB", 600, ({ peakBytes }) => peakBytes / 1e6],
    ["event loop, longest lag", "ms", 500, ({ lagsMs }) => Math.max(...lagsMs)],
    ["event loop, median of the longest of each second", "ms", undefined, ({ lagsMs }) => percentile(lagsMs, 0.5)],
    ["first byte of what is there, median", "ms", undefined, (outcome) => firstByteMs(outcome, 0.5)],
    ["first byte of what is there, 99 of 100", "ms", 250, (outcome) => firstByteMs(outcome, 0.99)],
  ];
  const { ours, ...others } = outcomes;
  return rows.map(([what, unit, goal, value]) => ({
    what,
    unit,
    value: ours === undefined ? Number.NaN : value(ours),
    goal: goal === undefined || ours === undefined ? undefined : { relation: "<", value: goal },
    isMust: what === WRONG_BYTES,
    beside: Object.fromEntries(Object.entries(others).map(([name, outcome]) => [name, value(outcome)])),
  }));
}

function firstByteMs({ reports }: Outcome, share: number): number {
  return percentile(
    reports.flatMap(({ residentFirstByteMs }) => residentFirstByteMs),
    share,
  );
}

function sum(reports: readonly Report[], pick: (report: Report) => number): number {
  return reports.reduce((total, report) => total + pick(report), 0);
}
