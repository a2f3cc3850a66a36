import { describe } from "vitest";

/** Programs that `npm test` installs where it can; the script says which are missing. */
export type Tool =
  | "ffmpeg"
  | "chromium"
  | "libtorrent"
  | "aria2"
  | "transmission"
  | "webtorrent"
  | "mpv"
  | "vlc"
  | "curl"
  | "systemd"
  | "fiu"
  | "faketime"
  | "ip";

const missing = new Set((process.env["RIPTIDE_MISSING_TOOLS"] ?? "").split(",").filter(Boolean));

/** `describe` that is left out for whoever may not change networks and mounts. In CI the tests run as root. */
export const describeAsRoot: typeof describe = process.getuid?.() === 0 ? describe : (describe.skip as typeof describe);

/** `describe` that is left out where a program is missing. Never in CI: there the script fails first. */
export function describeWith(...tools: readonly Tool[]): typeof describe {
  return tools.some((tool) => missing.has(tool)) ? (describe.skip as typeof describe) : describe;
}
