// npm run simulate: random swarms and named stories, again from their seeds. `--help` says how.
import { parseArgs } from "node:util";
import {
  randomScenario,
  randomSessionScenario,
  type SessionScenario,
  type SwarmScenario,
  shrinkScenario,
} from "@riptide/sim";
import { baseSeed } from "./base-seed.ts";
import { runScenario } from "./run-scenario.ts";
import { runSessionScenario } from "./run-session-scenario.ts";
import { STORIES } from "./stories.ts";
import { missedGoals } from "./story.ts";

const HELP = `npm run simulate -- [--seed N] [--runs N] [--session]     random swarms from a seed on; one that fails is made smaller
npm run simulate -- --story NAME [--seed N]               a story, or all of them
npm run simulate -- --scenario JSON [--session]           a scenario as it was printed

--session runs whole sessions, with wire and disk, in place of the scheduler alone. Stories:
${STORIES.map(({ name }) => `  ${name}`).join("\n")}
  all`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    runs: { type: "string", default: "1" },
    session: { type: "boolean", default: false },
    story: { type: "string" },
    scenario: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const seed = values.seed === undefined ? baseSeed() : Number(values.seed) >>> 0;
const arm = values.session ? " --session" : "";

if (values.help) console.log(HELP);
else if (values.story !== undefined) await tellStories(values.story);
else if (values.scenario !== undefined) await report(parseScenario(values.scenario));
else await runSeeds(Number(values.runs));

async function tellStories(name: string): Promise<void> {
  const chosen = STORIES.filter((story) => name === "all" || story.name === name);
  if (chosen.length === 0) throw new Error(`There is no story "${name}". --help lists them.`);
  for (const story of chosen) {
    const goals = await story.tell(seed);
    const missed = missedGoals(goals);
    console.log(`${missed.length === 0 ? "ends well" : "FAILS"}: ${story.name}, seed ${seed}`);
    for (const { what, value, kind, limit } of goals)
      console.log(`  ${what}: ${round(value)} (${kind} ${round(limit)})`);
    if (missed.length > 0) process.exitCode = 1;
  }
}

async function runSeeds(runs: number): Promise<void> {
  console.log(`${runs} random swarms from seed ${seed}`);
  for (let index = 0; index < runs; index++) {
    const chosen = (seed + index) >>> 0;
    const failure = await failureOf(values.session ? randomSessionScenario(chosen) : randomScenario(chosen));
    if (failure === undefined) continue;
    process.exitCode = 1;
    console.log(`npm run simulate --${arm} --seed ${chosen}   # ${failure}`);
    // A whole session is made smaller by hand: that would take some hundred of them.
    if (!values.session && runs === 1)
      await report(
        await shrinkScenario(
          randomScenario(chosen),
          async (smaller) => (await runScenario(smaller)).failure !== undefined,
        ),
      );
  }
}

async function report(scenario: SwarmScenario | SessionScenario): Promise<void> {
  console.log(`npm run simulate --${arm} --scenario '${JSON.stringify(scenario)}'`);
  console.log((await failureOf(scenario)) ?? "Nothing is wrong.");
}

async function failureOf(scenario: SwarmScenario | SessionScenario): Promise<string | undefined> {
  const { failure } = "leechers" in scenario ? await runSessionScenario(scenario) : await runScenario(scenario);
  return failure;
}

/** A scenario of the scheduler alone is also one of a session, with nobody else. */
function parseScenario(json: string): SwarmScenario | SessionScenario {
  const scenario = JSON.parse(json);
  return values.session ? { leechers: [], webSeeds: [], webSeedFinishes: false, ...scenario } : scenario;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
