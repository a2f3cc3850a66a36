import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { median, type Row } from "./table.ts";
import type { World } from "./world.ts";

const ROUNDS = 7;
const run = promisify(execFile);

/** One connection, whole file: ours and nginx with sendfile on the same bytes, turn by turn. */
export async function measureThroughput(world: World): Promise<Row[]> {
  const rounds: { ours: number; theirs: number }[] = [];
  await speedOf(world.residentUrl);
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ theirs: await speedOf(world.nginxUrl), ours: await speedOf(world.residentUrl) });
  }
  return [
    {
      what: "/direct, one connection",
      value: median(rounds, (round) => round.ours) / 1e6,
      unit: "MB/s",
      goal: undefined,
    },
    {
      what: "nginx sendfile, one connection",
      value: median(rounds, (round) => round.theirs) / 1e6,
      unit: "MB/s",
      goal: undefined,
    },
    {
      what: "/direct : nginx",
      value: median(rounds, (round) => round.ours / round.theirs),
      unit: "",
      goal: { relation: "≥", value: 0.7 },
    },
  ];
}

/** Bytes per second that a client gets who throws them away. */
export async function speedOf(url: string): Promise<number> {
  const { stdout } = await run("curl", ["-sf", "-o", "/dev/null", "-w", "%{speed_download}", url]);
  return Number(stdout);
}
