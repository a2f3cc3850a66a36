// Run from source: a worker thread does not inherit the loader of the main thread on Node 20, so it brings its own.
import { register } from "tsx/esm/api";

register();
await import("./session-worker.ts");
