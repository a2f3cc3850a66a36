/** What was looked at. */
export type CheckName =
  | "node"
  | "clock"
  | "ffmpeg"
  | "data-folder"
  | "free-space"
  | "sparse-files"
  | "hole-punching"
  | "http-port"
  | "peer-port"
  | "utp"
  | "dns"
  | "dht";

/** `warn`: Riptide starts, and something does not work; `fail`: it does not start, or nothing plays. */
export interface Finding {
  readonly check: CheckName;
  readonly status: "ok" | "warn" | "fail";
  /** A sentence that says how it is, and unless it is ok what to do. */
  readonly message: string;
}

export function ok(check: CheckName, message: string): Finding {
  return { check, status: "ok", message };
}

export function warn(check: CheckName, message: string): Finding {
  return { check, status: "warn", message };
}

export function fail(check: CheckName, message: string): Finding {
  return { check, status: "fail", message };
}
