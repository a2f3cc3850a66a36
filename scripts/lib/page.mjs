// The web page: built once, and again when something that goes into it has changed.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aside, bin, root, run } from "./run.mjs";

const SOURCE = `${root}packages/web`;
const BUILT = `${SOURCE}/dist`;
/** Says, inside the build, what it was built from. */
const STAMP = "built-from.txt";

/** Builds the page unless what lies there was built from the same files. */
export function ensurePage() {
  const stamp = join(BUILT, STAMP);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== fingerprint()) buildPage();
}

/** Builds aside and then swaps, so that a build that was cut short is never taken for a whole one. */
export function buildPage() {
  const folder = `${root}.cache/page-${process.pid}`;
  const before = fingerprint();
  // Whatever starts us, a test too: the build that people get is not React's one for developers.
  const env = { ...process.env, NODE_ENV: "production" };
  run(bin("vite"), ["build", SOURCE, "--outDir", folder, "--emptyOutDir", "--logLevel", "warn"], { ...aside, env });
  writeFileSync(join(folder, STAMP), before);
  rmSync(BUILT, { recursive: true, force: true });
  try {
    renameSync(folder, BUILT);
  } catch (error) {
    if (error.code !== "ENOTEMPTY") throw error;
    // Another start has just built the same.
    rmSync(folder, { recursive: true });
  }
}

/** Depends on the names and contents of all files that go into the page, and on the versions of what builds it. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const path of [`${root}package-lock.json`, ...filesBelow(SOURCE)]) {
    hash.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  return hash.digest("hex");
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "dist" && name !== "node_modules")
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}
