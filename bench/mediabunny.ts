import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A peer to be measured against, never a dependency: it lives in a folder of its own. */
const FOLDER = fileURLToPath(new URL("../.cache/bench/mediabunny/", import.meta.url));
const VERSION = "1.61.0";

/** Installs mediabunny unless it is there. */
export async function ensureMediabunny(): Promise<void> {
  if (existsSync(`${FOLDER}node_modules/mediabunny`)) return;
  await mkdir(FOLDER, { recursive: true });
  const words = ["install", "--prefix", FOLDER, "--no-audit", "--no-fund", "--ignore-scripts", `mediabunny@${VERSION}`];
  await promisify(execFile)("npm", words);
}

/** Copies the tracks of a film into fragmented MP4, which goes nowhere. */
export async function remuxWithMediabunny(path: string) {
  const bunny = await import(`${FOLDER}node_modules/mediabunny/dist/modules/src/index.js`);
  const startMs = performance.now();
  let firstFragmentMs = Number.NaN;
  const sink = new WritableStream<{ readonly data: Uint8Array }>({
    write({ data }) {
      if (Number.isNaN(firstFragmentMs) && Buffer.from(data).includes("moof")) {
        firstFragmentMs = performance.now() - startMs;
      }
    },
  });
  const input = new bunny.Input({ formats: bunny.ALL_FORMATS, source: new bunny.FilePathSource(path) });
  const output = new bunny.Output({
    format: new bunny.Mp4OutputFormat({ fastStart: "fragmented" }),
    target: new bunny.StreamTarget(sink),
  });
  const conversion = await bunny.Conversion.init({ input, output });
  await conversion.execute();
  return { seconds: (performance.now() - startMs) / 1000, firstFragmentMs, neededBytes: undefined };
}
