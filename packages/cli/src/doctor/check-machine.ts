import { type Finding, fail, ok, warn } from "./finding.ts";

/** As `engines` of package.json says. */
const NODE_MIN = [20, 19] as const;
/** When this was written: a clock that shows less has not been set since the battery was empty. */
const WRITTEN_MS = Date.UTC(2026, 0, 1);
/** Files of machines that share a disk may be some seconds ahead. */
const CLOCK_SLACK_MS = 2 * 60_000;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isNewEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  if (isNewEnough) return ok("node", `Node.js ${version} runs Riptide.`);
  return fail("node", `Node.js ${version} is too old: install ${NODE_MIN.join(".")} or newer.`);
}

/** `newestFileMs`: when something was last written to the data folder, if anything was. */
export function checkClock(nowMs: number, newestFileMs: number | undefined): Finding {
  const shown = new Date(nowMs).toISOString();
  const advice = "Set it (Debian: timedatectl set-ntp true): with a wrong clock no https address can be reached.";
  if (nowMs < WRITTEN_MS)
    return fail("clock", `The clock of this machine shows ${shown}, which is long past. ${advice}`);
  if (newestFileMs !== undefined && newestFileMs > nowMs + CLOCK_SLACK_MS) {
    return warn("clock", `The clock shows ${shown}, but the data folder was written to later. ${advice}`);
  }
  return ok("clock", `The clock shows ${shown}.`);
}
