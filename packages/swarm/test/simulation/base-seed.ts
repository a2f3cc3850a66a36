import { execFileSync } from "node:child_process";

/**
 * Where random runs begin: the variable `RIPTIDE_SIMULATION_SEED`, or else the commit, so that every change of the engine meets other
 * swarms, and a second run on the same commit the same ones.
 */
export function baseSeed(): number {
  const given = process.env["RIPTIDE_SIMULATION_SEED"];
  if (given !== undefined) return Number(given) >>> 0;
  try {
    const commit = execFileSync("git", ["rev-parse", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Number.parseInt(commit.slice(0, 8), 16) >>> 0;
  } catch {
    // No git, or no repository: a package of the sources.
    return 1;
  }
}
