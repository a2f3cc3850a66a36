import { shareFilm } from "../test/support/film-torrent.ts";
import { filesOf, startQuietRiptide } from "../test/support/riptide.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { residentBytes } from "./memory.ts";
import { percentile, type Row } from "./table.ts";
import { speedOf } from "./throughput.ts";

const ROUNDS = 5;
const PARALLEL_STREAMS = 20;

/** The same film from a real server whose torrent holds it completely: one stream, against the bytes as they are; and many. */
export async function measureRemuxOverHttp(): Promise<Row[]> {
  await using film = await shareFilm("long");
  await using folder = await temporaryFolder("bench");
  const path = (surface: string): string => `/stream/${film.infoHash}/0/${surface}`;
  {
    await using first = await startQuietRiptide(folder.path);
    await first.add(film.magnet);
    await filesOf(first, film.infoHash);
    await speedOf(first.url + path("direct"));
  }
  await using riptide = await startQuietRiptide(folder.path);
  await filesOf(riptide, film.infoHash);
  const pid = riptide.process.child.pid!;
  const idle = await residentBytes(pid);
  const rounds: { remux: number; virtual: number; direct: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({
      remux: await speedOf(riptide.url + path("remux.mp4")),
      virtual: await speedOf(riptide.url + path("virtual.mp4")),
      direct: await speedOf(riptide.url + path("direct")),
    });
  }
  const oneStream = await residentBytes(pid, "VmHWM");
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: PARALLEL_STREAMS }, () => speedOf(riptide.url + path("remux.mp4"))));
  const seconds = (performance.now() - startedMs) / 1000;
  const manyStreams = await residentBytes(pid, "VmHWM");
  const { size } = (await riptide.torrent(film.infoHash)).files.map(({ length }) => ({ size: length }))[0]!;
  const speed = (what: string, pick: (round: (typeof rounds)[number]) => number): Row =>
    row(`${what}, one connection`, percentile(rounds.map(pick), 0.5) / 1e6, "MB/s");
  return [
    speed("/remux.mp4", (round) => round.remux),
    speed("/virtual.mp4", (round) => round.virtual),
    speed("/direct", (round) => round.direct),
    row(
      "/remux.mp4 : /direct",
      percentile(
        rounds.map(({ remux, direct }) => remux / direct),
        0.5,
      ),
      "",
    ),
    row(`/remux.mp4, ${PARALLEL_STREAMS} connections together`, (size * PARALLEL_STREAMS) / 1e6 / seconds, "MB/s"),
    row("server: memory after its start", idle / 1e6, "MB"),
    row("server: most memory, one stream at a time", oneStream / 1e6, "MB"),
    row(`server: most memory, ${PARALLEL_STREAMS} streams`, manyStreams / 1e6, "MB"),
  ];
}

function row(what: string, value: number, unit: string): Row {
  return { what, value, unit, goal: undefined };
}
