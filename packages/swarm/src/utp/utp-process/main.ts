import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { openUtpGate } from "./utp-gate.ts";

/** sysexits.h: a program that is needed is not there. */
const EX_UNAVAILABLE = 69;

const [path = "", host = "", port = ""] = process.argv.slice(2);

// Alone it would last for ever.
if (!process.connected) process.exit(EX_UNAVAILABLE);
// Whoever started this process is its only reason to be, and holds the other end: it goes with him, however he goes.
process.once("disconnect", () => {
  rmSync(dirname(path), { recursive: true, force: true });
  process.exit();
});
// What a terminal tells all of its programs is for him to hear: connections last until he is done with them.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

openUtpGate({ path, host, port: Number(port) }).then(
  () => process.send?.("open"),
  (error: unknown) => {
    process.send?.(error instanceof Error ? error.message : String(error), () => process.exit(EX_UNAVAILABLE));
  },
);
