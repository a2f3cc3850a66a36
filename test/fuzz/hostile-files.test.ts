import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isSoak } from "../support/soak.ts";

const CHILD = fileURLToPath(new URL("parse-hostile-files.ts", import.meta.url));
const GROWTH_LIMIT_BYTES = 64 * 1024 * 1024;
/** The parsers and what runs TypeScript take half of it: a heap that grows by more than the limit is the end. */
const HEAP_LIMIT_MB = 96;

test("Broken files never crash a parser, read beyond their end, or take more than 64 MB of memory", {
  timeout: 600_000,
}, async () => {
  const options = [
    "--import",
    "tsx",
    "--expose-gc",
    `--max-old-space-size=${HEAP_LIMIT_MB}`,
    "--max-semi-space-size=4",
  ];
  const child = spawn(process.execPath, [...options, CHILD], { stdio: ["ignore", "pipe", "pipe"] });
  const [output, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
  const { files, cases, growthBytes } = JSON.parse(output);
  process.stdout.write(
    `${cases} broken copies of ${files} files: ${(growthBytes / 2 ** 20).toFixed(1)} MiB more memory\n`,
  );
  expect(files).toBeGreaterThan(15);
  expect(cases).toBe(files * (isSoak ? 12 : 4));
  expect(growthBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
});
