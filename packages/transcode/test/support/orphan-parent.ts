/** A server that starts processes, by their launchers if they have any, and then dies as it is told; the first line of each is passed on. */
import { startFfmpegProcess } from "../../src/ffmpeg-process.ts";
import { realClock } from "./clocks.ts";

export interface Orphan {
  readonly path: string;
  readonly launcher?: readonly string[];
}

const [death, words = "[]"] = process.argv.slice(2);
const orphans: readonly Orphan[] = JSON.parse(words);

for (const { path, launcher } of orphans) {
  const ffmpeg = await startFfmpegProcess({
    path,
    launcher,
    arguments: [],
    async *input(signal) {
      yield new Uint8Array(10);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    clock: realClock,
    signal: new AbortController().signal,
  });
  const { value } = await ffmpeg.output.getReader().read();
  await new Promise((resolve) => process.stdout.write(value ?? "", resolve));
}
if (death === "exit") process.exit(0);
process.kill(process.pid, "SIGKILL");
