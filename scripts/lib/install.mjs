// What a fresh clone lacks, and how it is got. Plain JavaScript: nothing is installed yet when this runs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const isCi = process.env.CI === "true";

const OLDEST_NODE = [20, 19];
const STAMP = `${root}node_modules/.riptide-lock`;

/** Test and bench tools: how each is recognised, and the Debian packages that hold it. */
const TOOLS = {
  ffmpeg: { check: ["ffmpeg", "-version"], packages: ["ffmpeg"] },
  chromium: { check: ["chromium", "--version"], packages: ["chromium"] },
  libtorrent: { check: ["/usr/bin/python3", "-c", "import libtorrent"], packages: ["python3-libtorrent"] },
  aria2: { check: ["aria2c", "--version"], packages: ["aria2"] },
  transmission: { check: ["transmission-daemon", "--version"], packages: ["transmission-daemon", "transmission-cli"] },
  nginx: { check: ["nginx", "-v"], packages: ["nginx-light"] },
};

/** Ends with a sentence if Node is too old; installs node_modules unless they match the lockfile. */
export function ensureNodeModules() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`Riptide needs Node ${OLDEST_NODE.join(".")} or newer; this is ${process.versions.node}.`);
  }
  const wanted = createHash("sha256")
    .update(readFileSync(`${root}package-lock.json`))
    .digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  console.error("Installing node_modules (once)…");
  // No package of ours needs its install scripts, and a torrent client should not run strangers' code by accident.
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(STAMP, wanted);
}

/**
 * Installs missing tools where that is possible (Debian, root). Elsewhere prints one line that says what to install;
 * what is still missing is told to the tests in RIPTIDE_MISSING_TOOLS. With CI=true a missing tool is a failure.
 */
export function ensureTools(names) {
  let missing = names.filter((name) => !works(name));
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    const packages = missing.flatMap((name) => TOOLS[name].packages);
    console.error(`Installing ${packages.join(", ")} (once)…`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const quiet = { stdio: ["ignore", "ignore", "inherit"], env };
    spawnSync("apt-get", ["update", "-qq"], quiet);
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], quiet);
    missing = missing.filter((name) => !works(name));
  }
  if (missing.length > 0) {
    const packages = missing.flatMap((name) => TOOLS[name].packages).join(" ");
    const line = `Missing: ${missing.join(", ")}. Install with: sudo apt-get install ${packages}`;
    if (isCi) fail(line);
    console.error(`${line} (what needs them is skipped)`);
  }
  process.env.RIPTIDE_MISSING_TOOLS = missing.join(",");
}

/** Runs a command in the project's folder; a failure ends this process with the same code. */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  if (error) fail(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** The path of a command that npm installed here. */
export const bin = (name) => `${root}node_modules/.bin/${name}`;

function works(name) {
  const [command, ...args] = TOOLS[name].check;
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
