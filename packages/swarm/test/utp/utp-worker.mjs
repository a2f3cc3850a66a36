// A thread like that of the session, which is ended without a word.
import { parentPort, workerData } from "node:worker_threads";
import { register } from "tsx/esm/api";

register();
const { startEnd } = await import("./utp-pair.ts");
const end = startEnd(workerData);
await end.ready();
parentPort.postMessage("ready");
