// What a fresh clone lacks, and how it is got. Plain JavaScript: nothing is installed yet when this runs.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename } from "node:path";
import { aside, fail, root, run, succeeds } from "./run.mjs";

const OLDEST_NODE = [20, 19];

/**
 * Test and bench tools, named as the tests name them: commands that all must work, and the Debian packages that hold them;
 * or packages of npm, as a lockfile of their own has them, or of PyPI, by their hashes, which are put into a folder of their own.
 */
const TOOLS = {
  ffmpeg: {
    checks: [
      ["ffmpeg", "-version"],
      ["ffprobe", "-version"],
    ],
    debian: "ffmpeg",
  },
  // Debian's is the oldest that Riptide works with; what belongs to ffmpeg alone is tested with the newest.
  newestFfmpeg: {
    pinnedIn: `${root}test/support/newest-ffmpeg.txt`,
    folder: `${root}.cache/newest-ffmpeg/`,
    checks: [[`${root}.cache/newest-ffmpeg/ffmpeg`, "-version"]],
  },
  pip: { checks: [["python3", "-m", "pip", "--version"]], debian: "python3-pip" },
  // The shell takes a third of the work of the whole browser, whose own windows nobody looks at.
  chromium: { checks: [["/usr/bin/chromium-headless-shell", "--version"]], debian: "chromium-headless-shell" },
  libtorrent: { checks: [["/usr/bin/python3", "-c", "import libtorrent"]], debian: "python3-libtorrent" },
  aria2: { checks: [["aria2c", "--version"]], debian: "aria2" },
  transmission: { checks: [["transmission-daemon", "--version"]], debian: "transmission-daemon" },
  mpv: { checks: [["mpv", "--version"]], debian: "mpv" },
  // It tells root nothing, not even its version. What it does not do without a screen is in the second package.
  vlc: {
    checks: [["sh", "-c", "test -x /usr/bin/vlc && test -d /usr/lib/*/vlc/plugins/video_filter"]],
    debian: "vlc-bin vlc-plugin-base",
  },
  nginx: { checks: [["nginx", "-v"]], debian: "nginx-light" },
  curl: { checks: [["curl", "--version"]], debian: "curl" },
  // Networks of our own, for tests that take them away.
  ip: { checks: [["ip", "-V"]], debian: "iproute2" },
  bwrap: { checks: [["bwrap", "--version"]], debian: "bubblewrap" },
  // Rates how exposed a unit is; nothing is started with it.
  systemd: { checks: [["systemd-analyze", "--version"]], debian: "systemd" },
  // Lets calls to the system fail.
  fiu: { checks: [["sh", "-c", "command -v fiu-run fiu-ctrl"]], debian: "fiu-utils" },
  // Lets clocks jump.
  faketime: { checks: [["sh", "-c", "command -v faketime"]], debian: "faketime" },
  webtorrent: { lockedIn: `${root}test/support/peers/webtorrent/`, folder: `${root}.cache/webtorrent/` },
};

/** What the tests run, of `TOOLS`. */
export const TEST_TOOLS = [
  "ffmpeg",
  "newestFfmpeg",
  "chromium",
  "libtorrent",
  "aria2",
  "transmission",
  "webtorrent",
  "mpv",
  "vlc",
  "curl",
  "bwrap",
  "systemd",
  "fiu",
  "faketime",
  "ip",
];

/** Ends with a sentence if Node is too old; installs node_modules unless all that the lockfile asks for is there. */
export function ensureNodeModules() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`Riptide needs Node ${OLDEST_NODE.join(".")} or newer; this is ${process.versions.node}.`);
  }
  if (isInstalled(root, root)) return;
  console.error("Installing node_modules (once)…");
  run("npm", NPM_CI, aside);
}

// No package of ours needs its install scripts, and a torrent client should not run strangers' code by accident.
const NPM_CI = ["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * npm writes down what it installed when it is done, so an installation that was cut short has no such list. Packages of the
 * lockfile that are optional may be for another platform.
 */
function isInstalled(lockedIn, folder) {
  const wanted = packagesOf(`${lockedIn}package-lock.json`);
  const installed = packagesOf(`${folder}node_modules/.package-lock.json`);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.optional) return true;
    const { version, integrity } = installed[path] ?? {};
    const isSame = path in installed && version === entry.version && integrity === entry.integrity;
    return isSame && existsSync(`${folder}${path}/package.json`);
  });
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, "utf8")).packages;
  } catch {
    return {};
  }
}

/**
 * Installs missing tools where that is possible (Debian, root). Elsewhere prints one line that says what to install;
 * what is still missing is told to the tests in RIPTIDE_MISSING_TOOLS. With CI=true a missing tool is a failure.
 */
export function ensureTools(names) {
  const missing = names.filter((name) => !works(name) && !install(name));
  process.env.RIPTIDE_MISSING_TOOLS = missing.join(",");
  if (missing.length === 0) return;
  const packages = missing.flatMap((name) => TOOLS[name].debian ?? []).join(" ");
  const remedy = packages === "" ? "npm or pip could not fetch it" : `On Debian: sudo apt-get install ${packages}`;
  const line = `Missing: ${missing.join(", ")}. ${remedy}`;
  if (process.env.CI === "true") fail(line);
  console.error(`${line} (until then, what needs them is skipped)`);
}

function works(name) {
  const { checks, lockedIn, pinnedIn, folder } = TOOLS[name];
  if (lockedIn !== undefined) return isInstalled(lockedIn, folder);
  if (pinnedIn !== undefined && !isSameText(pinnedIn, `${folder}${basename(pinnedIn)}`)) return false;
  return checks.every(([command, ...args]) => spawnSync(command, args, { stdio: "ignore" }).status === 0);
}

function isSameText(path, copy) {
  return existsSync(copy) && readFileSync(path, "utf8") === readFileSync(copy, "utf8");
}

/** True if the tool works then. */
function install(name) {
  if (TOOLS[name].lockedIn !== undefined) return installFromNpm(name);
  if (TOOLS[name].pinnedIn !== undefined) return installFromPypi(name);
  return canInstallFromDebian() && installFromDebian(name);
}

function installFromNpm(name) {
  const { lockedIn, folder } = TOOLS[name];
  console.error(`Installing ${name} into ${folder} (once)…`);
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(`${lockedIn}${file}`, `${folder}${file}`);
  // Some of its packages ask for a newer Node than they need, and `npm test` hands down our own strictness.
  return succeeds("npm", [...NPM_CI, "--engine-strict=false"], { ...aside, cwd: folder }) && works(name);
}

/** One program, whose name tells its version and processor, under the name that it is known by. */
function installFromPypi(name) {
  const { pinnedIn, folder } = TOOLS[name];
  if (!works("pip") && !install("pip")) return false;
  console.error(`Installing ${name} into ${folder} (once)…`);
  rmSync(folder, { recursive: true, force: true });
  if (!succeeds("python3", [...PIP_INSTALL, "--target", folder, "-r", pinnedIn], aside)) return false;
  const program = readdirSync(`${folder}imageio_ffmpeg/binaries`).find((file) => file.startsWith("ffmpeg-"));
  if (program === undefined) return false;
  symlinkSync(`imageio_ffmpeg/binaries/${program}`, `${folder}ffmpeg`);
  copyFileSync(pinnedIn, `${folder}${basename(pinnedIn)}`);
  return works(name);
}

const PIP_INSTALL =
  "-m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes".split(" ");

function canInstallFromDebian() {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") && existsSync("/usr/bin/apt-get");
}

let isAptUpdated = false;

/** One by one: a package that this release does not have must not keep the others out. */
function installFromDebian(name) {
  const { debian } = TOOLS[name];
  console.error(`Installing ${debian} (once)…`);
  if (!isAptUpdated) aptGet("update");
  isAptUpdated = true;
  return aptGet("install", "-y", "--no-install-recommends", ...debian.split(" ")) && works(name);
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Another installation may be under way.
  const options = ["-qq", "-o", "DPkg::Lock::Timeout=120"];
  return succeeds("apt-get", [...options, ...args], { stdio: ["ignore", "ignore", "inherit"], env });
}
