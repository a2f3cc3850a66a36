import { launchBrowser } from "../test/support/browser.ts";
import { watchForLong } from "../test/support/long-watch.ts";
import type { Row } from "./table.ts";

const MIB = 1024 * 1024;
const HOUR_SECONDS = 3_600;
/** Twice as long as it takes at sixteen times the speed of the film. */
const LIMIT_MS = 450_000;

/** An hour of a film of 8 Mb/s in the page, sped up: how much more memory page and server take at its end than after its first tenth. */
export async function benchHour(): Promise<Row[]> {
  await using browser = await launchBrowser();
  const seen = await watchForLong(await browser.newPage(), {
    filmSeconds: HOUR_SECONDS,
    samples: 10,
    limitMs: LIMIT_MS,
  });
  const [first, last] = [seen[0]!, seen.at(-1)!];
  const growth = (key: "pageHeapBytes" | "serverBytes"): number => (last[key] - first[key]) / MIB;
  return [
    { what: "watched", value: last.filmSeconds, unit: "s", goal: { relation: "≥", value: HOUR_SECONDS } },
    {
      what: "heap of the page, growth",
      value: growth("pageHeapBytes"),
      unit: "MiB",
      goal: { relation: "<", value: 4 },
    },
    {
      what: "memory of the server, growth",
      value: growth("serverBytes"),
      unit: "MiB",
      goal: { relation: "<", value: 64 },
    },
  ];
}
