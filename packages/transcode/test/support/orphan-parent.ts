/** A server that starts one process and then dies as its argument says; the first line of the process is passed on. */
import { startFfmpegProcess } from "../../src/ffmpeg-process.ts";
import { realClock } from "./clocks.ts";

const [path = "", death] = process.argv.slice(2);

const ffmpeg = await startFfmpegProcess({
  path,
  launcher: undefined,
  arguments: [],
  async *input(signal) {
    yield new Uint8Array(10);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
  clock: realClock,
  signal: new AbortController().signal,
});
const { value } = await ffmpeg.output.getReader().read();
process.stdout.write(value ?? "", () => {
  if (death === "exit") process.exit(0);
  process.kill(process.pid, "SIGKILL");
});
