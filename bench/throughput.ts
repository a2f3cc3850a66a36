import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../test/support/free-port.ts";
import { startProcess } from "../test/support/processes.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { waitUntil } from "../test/support/wait.ts";
import { percentile, type Row } from "./table.ts";
import type { World } from "./world.ts";

const ROUNDS = 7;
const run = promisify(execFile);

/** One connection, whole file: ours and nginx with sendfile on the same bytes, turn by turn. */
export async function measureThroughput({ riptide, resident }: World): Promise<Row[]> {
  await using folder = await temporaryFolder("nginx");
  const port = await freePort();
  await writeFile(join(folder.path, "nginx.conf"), nginxConfiguration(folder.path, resident.directory, port));
  await using _nginx = startProcess("nginx", ["-p", folder.path, "-c", join(folder.path, "nginx.conf")]);
  const theirs = `http://127.0.0.1:${port}/${resident.name}`;
  const ours = `${riptide.url}/stream/${resident.infoHash}/0/direct`;
  await waitUntil("nginx listens", () => speedOf(theirs).catch(() => undefined));
  await speedOf(ours);
  const rounds: { ours: number; theirs: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push({ theirs: await speedOf(theirs), ours: await speedOf(ours) });
  const median = (pick: (round: { ours: number; theirs: number }) => number): number =>
    percentile(rounds.map(pick), 0.5);
  return [
    { what: "/direct, one connection", value: median((round) => round.ours) / 1e6, unit: "MB/s", goal: undefined },
    {
      what: "nginx sendfile, one connection",
      value: median((round) => round.theirs) / 1e6,
      unit: "MB/s",
      goal: undefined,
    },
    {
      what: "/direct : nginx",
      value: median((round) => round.ours / round.theirs),
      unit: "",
      goal: { relation: "≥", value: 0.7 },
    },
  ];
}

async function speedOf(url: string): Promise<number> {
  const { stdout } = await run("curl", ["-sf", "-o", "/dev/null", "-w", "%{speed_download}", url]);
  return Number(stdout);
}

function nginxConfiguration(folder: string, root: string, port: number): string {
  return `daemon off; user root; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http { access_log off; sendfile on; server { listen 127.0.0.1:${port}; root ${root}; } }
`;
}
