// npm run soak: what is too long for `npm test`, one after the other; the last result of each, with its seed and date, goes into
// docs/SOAK.md. Words pick steps by name: npm run soak -- swarms sigkill. SEED=N runs it all from one seed again.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ensureNodeModules, ensureTools, TEST_TOOLS } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";
import { bin, fail, root } from "./lib/run.mjs";

const PAGE = `${root}docs/SOAK.md`;
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const STEPS = {
  // Where `npm test` takes each kind once: test/support/soak.ts.
  tests: {
    what: "`npm test` with every combination of container, codec and way",
    command: [process.execPath, `${root}scripts/test.mjs`],
    environment: { RIPTIDE_SOAK: "true", RIPTIDE_SIMULATION_SEED: String(seed), RIPTIDE_SEED: String(seed) },
  },
  swarms: {
    what: "50,000 random swarms, the scheduler alone, in virtual time",
    command: simulate("--seed", String(seed), "--runs", "50000"),
  },
  sessions: {
    what: "500 random swarms, whole sessions with wire and disk, in virtual time",
    command: simulate("--session", "--seed", String(seed), "--runs", "500"),
  },
  sigkill: {
    what: "100 deaths by SIGKILL while a film plays",
    command: [bin("vitest"), "run", "--project", "integration", "test/faults/f19-sigkill.test.ts"],
    environment: { RIPTIDE_DEATHS: "100", RIPTIDE_SEED: String(seed) },
  },
  hour: {
    what: "an hour of a film of 8 Mb/s in a browser, at 16 times its speed: memory of page and server",
    command: [bin("tsx"), "bench/main.ts", "hour"],
    environment: { RIPTIDE_GOALS: "must" },
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(STEPS, name));
if (unknown.length > 0) fail(`There is no soak ${unknown.join(", ")}, but: ${Object.keys(STEPS).join(", ")}.`);

ensureNodeModules();
ensureTools(TEST_TOOLS);
ensurePage();
const results = readResults();
let hasFailed = false;
for (const [name, { what, command, environment }] of Object.entries(STEPS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`${what}, seed ${seed}`);
  const startedMs = Date.now();
  const [program, ...words] = command;
  const { status } = spawnSync(program, words, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  hasFailed ||= status !== 0;
  const minutes = ((Date.now() - startedMs) / 60_000).toFixed(1);
  const date = new Date().toISOString().slice(0, 10);
  results.set(
    name,
    `| ${name} | ${what} | ${status === 0 ? "passed" : "FAILED"} | ${seed} | ${date} | ${minutes} min |`,
  );
  writeResults(results);
}
process.exit(hasFailed ? 1 : 0);

/** The lines of the table by the name of their step. */
function readResults() {
  const lines = existsSync(PAGE) ? readFileSync(PAGE, "utf8").split("\n") : [];
  return new Map(
    lines.flatMap((line) => /^\| (\w+) \|/.exec(line)?.[1] ?? []).map((name) => [name, lineOf(name, lines)]),
  );
}

function lineOf(name, lines) {
  return lines.find((line) => line.startsWith(`| ${name} |`));
}

function writeResults(lines) {
  const known = Object.keys(STEPS).flatMap((name) => lines.get(name) ?? []);
  const head = [
    "# Soak runs",
    "",
    "Too long for every change: `npm run soak` writes this page, `SEED=N npm run soak -- STEP` runs a step again.",
    "",
    "| step | what | result | seed | date | took |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  writeFileSync(PAGE, `${[...head, ...known].join("\n")}\n`);
}

function simulate(...words) {
  return [bin("tsx"), "packages/swarm/test/simulation/simulate.ts", ...words];
}
