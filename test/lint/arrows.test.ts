import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PURE = ["core", "media", "sim"];

/** What breaks an arrow or the purity of DESIGN §2: folder below `packages`, the line, and the rule that says so. */
const FORBIDDEN: readonly (readonly [folder: string, line: string, rule: string])[] = [
  ...PURE.flatMap((name) =>
    [
      'import { readFile } from "node:fs/promises";',
      'import { readFile } from "fs/promises";',
      'import { setTimeout as delay } from "timers/promises";',
      'import { Hono } from "hono";',
      'import { createHash } from "@noble/hashes/sha1";',
      'import { expect } from "vitest";',
      'import type { Stats } from "node:fs";',
      'export { readFile } from "node:fs/promises";',
      'export const fs = await import("node:fs");',
      'export const url = await import("data:text/javascript,export default 1");',
      'import { openTorrentEngine } from "@riptide/swarm";',
      'import type { App } from "@riptide/http";',
      'import { startEngine } from "../../swarm/src/index.ts";',
      'import { never } from "../../../test/support/test-engine.ts";',
    ].map((line) => [`${name}/src`, line, "no-restricted-imports"] as const),
  ),
  ...PURE.flatMap((name) =>
    [
      "export const now = Date.now();",
      "export const now = performance.now();",
      "setTimeout(() => undefined, 10);",
      "setInterval(() => undefined, 10);",
      "setImmediate(() => undefined);",
      "queueMicrotask(() => undefined);",
      "export const id = crypto.randomUUID();",
      "export const home = process.env;",
      "export const bytes = Buffer.alloc(1);",
      'export const page = fetch("http://localhost");',
      'console.log("heard by nobody");',
      "export const late = globalThis.setTimeout;",
      'export const bytes = globalThis["Buffer"];',
      'export const fs = require("node:fs");',
    ].map((line) => [`${name}/src`, line, "no-restricted-globals"] as const),
  ),
  ...PURE.flatMap((name) => [
    [`${name}/src`, "export const dice = Math.random();", "no-restricted-properties"] as const,
    [`${name}/src`, "export const { random } = Math;", "no-restricted-properties"] as const,
    [`${name}/src`, "export const signal = AbortSignal.timeout(10);", "no-restricted-properties"] as const,
    [`${name}/src`, 'export const signal = AbortSignal["timeout"](10);', "no-restricted-properties"] as const,
    [`${name}/src`, 'export type Stats = import("node:fs").Stats;', "consistent-type-imports"] as const,
    [`${name}/src`, 'export const clock = eval("Date");', "no-eval"] as const,
    [`${name}/src`, 'export const clock = new Function("return Date");', "no-new-func"] as const,
  ]),
  ["core/src", 'import type { Sniffed } from "@riptide/media";', "no-restricted-imports"],
  ["core/src", 'import type { Own } from "@riptide/core";', "no-restricted-imports"],
  ["media/src/mp4", 'import { parse } from "../../../swarm/src/index.ts";', "no-restricted-imports"],
  ["media/src", 'import { createVirtualClock } from "@riptide/sim";', "no-restricted-imports"],
  ["media/src", 'import { range } from "@riptide/core/src/ranges.ts";', "no-restricted-imports"],
  ["sim/src/conformance", 'import { readFile } from "node:fs/promises";', "no-restricted-imports"],
  ["sim/src/conformance", 'import { parse } from "@riptide/media";', "no-restricted-imports"],
  ["sim/src/conformance", "export const now = Date.now();", "no-restricted-globals"],
  ["swarm/src/wire", 'import { sniff } from "@riptide/media";', "no-restricted-imports"],
  ["swarm/src", 'import { createVirtualClock } from "@riptide/sim";', "no-restricted-imports"],
  ["swarm/src", 'import { sniff } from "../../media/src/sniff.ts";', "no-restricted-imports"],
  ["transcode/src", 'import { sniff } from "@riptide/media";', "no-restricted-imports"],
  ["stream/src", 'import { openTorrentEngine } from "@riptide/swarm";', "no-restricted-imports"],
  ["stream/src", 'import { createApp } from "@riptide/http";', "no-restricted-imports"],
  ["stream/src", 'import { helper } from "./../../http/src/app.ts";', "no-restricted-imports"],
  ["http/src/routes", 'import { openTorrentEngine } from "@riptide/swarm";', "no-restricted-imports"],
  ["http/src", 'import { sniff } from "@riptide/media";', "no-restricted-imports"],
  ["http/src", 'import { sniff } from "../../media/src/sniff.ts";', "no-restricted-imports"],
  ["cli/src", 'import { createVirtualClock } from "@riptide/sim";', "no-restricted-imports"],
  ["cli/src", 'import { clockConformance } from "@riptide/sim/conformance";', "no-restricted-imports"],
  ["cli/src", 'import { page } from "@riptide/web/src/main.ts";', "no-restricted-imports"],
  ["cli/src", 'import { page } from "../../web/src/main.ts";', "no-restricted-imports"],
  ["web/src", 'import { createApp } from "@riptide/http";', "no-restricted-imports"],
  ["web/src", 'import * as http from "@riptide/http";', "no-restricted-imports"],
  ["web/src", 'export const http = await import("@riptide/http");', "no-restricted-imports"],
  ["web/src", 'import { type Torrent } from "@riptide/http";', "no-import-type-side-effects"],
  ["web/src", 'import type { Clock } from "@riptide/core";', "no-restricted-imports"],
  ["web/src", 'import { join } from "path";', "no-restricted-imports"],
  ["web/src", 'import { render } from "preact";', "no-restricted-imports"],
  ["web/src", 'import { flushSync } from "react-dom";', "no-restricted-imports"],
  ["web/src", 'import { renderToString } from "react-dom/server";', "no-restricted-imports"],
  ["web/src/library", 'import axe from "axe-core";', "no-restricted-imports"],
  ["web/src/library", 'import { MockServer } from "../../mock/mock-server.ts";', "no-restricted-imports"],
  ["web/src", 'import { createApp } from "../../http/src/app.ts";', "no-restricted-imports"],
];

/** What the same rules must let through. */
const ALLOWED: readonly (readonly [folder: string, line: string])[] = [
  ["core/src", 'export { range } from "./ranges.ts";'],
  ["media/src/mp4", 'export { range } from "../byte-cursor.ts";'],
  ["media/src", 'export { range } from "@riptide/core";'],
  ["media/src", "export const signal = AbortSignal.any([]);"],
  ["sim/src", 'export { range } from "@riptide/core";'],
  ["sim/src/conformance", 'export { expect } from "vitest";'],
  ["sim/src/conformance", 'export * as fc from "fast-check";'],
  ["sim/src/conformance", 'export { createRandom } from "../random.ts";'],
  ["swarm/src/wire", 'export { createHash } from "node:crypto";'],
  ["transcode/src", 'export { range } from "@riptide/core";'],
  ["stream/src", 'export { sniff } from "@riptide/media";'],
  ["stream/src", 'export { startFfmpeg } from "@riptide/transcode";'],
  ["http/src/routes", 'export { createStreamFactory } from "@riptide/stream";'],
  ["http/src", 'export { Hono } from "hono";'],
  ["cli/src", 'export { openTorrentEngine } from "@riptide/swarm";'],
  ["web/src", 'export type { Torrent } from "@riptide/http";'],
  ["web/src", 'export const hls = await import("hls.js");'],
  ["web/src/library", 'export { useState } from "react";'],
  ["web/src/library", 'export { Link } from "wouter";'],
  ["web/src/api", 'export { useQuery } from "@tanstack/react-query";'],
  ["web/src/ui", 'export { Menu } from "@base-ui/react/menu";'],
  ["web/src/watch", 'export { MediaProvider } from "media-chrome/react/media-store";'],
  ["web/src/watch", 'export const jassub = await import("jassub");'],
  ["web/src/watch", 'export const pgs = await import("libpgs");'],
];

describe("lint", () => {
  let found: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    found = await lint([...FORBIDDEN, ...ALLOWED]);
  });

  it.each(FORBIDDEN)("finds in packages/%s the line %s", (folder, line, rule) => {
    expect(found.get(keyOf(folder, line))).toContain(rule);
  });

  it.each(ALLOWED)("lets packages/%s say %s", (folder, line) => {
    expect(found.get(keyOf(folder, line))).toBeUndefined();
  });
});

const keyOf = (folder: string, line: string): string => `${folder}: ${line}`;

/** Lints each line as a file of its own below a copy of our configuration; the names of the rules that object to it. */
async function lint(lines: readonly (readonly [folder: string, line: string, ...unknown[]])[]) {
  await using project = await temporaryFolder("lint");
  await copyFile(join(ROOT, ".oxlintrc.json"), join(project.path, ".oxlintrc.json"));
  const keys = new Map<string, string>();
  for (const [index, [folder, line]] of lines.entries()) {
    const directory = join("packages", folder);
    await mkdir(join(project.path, directory), { recursive: true });
    const file = join(directory, `line-${index}.ts`);
    await writeFile(join(project.path, file), `${line}\n`);
    keys.set(file, keyOf(folder, line));
  }
  const found = new Map<string, string[]>();
  for (const { filename, code } of await diagnose(project.path)) {
    const key = keys.get(filename)!;
    found.set(key, [...(found.get(key) ?? []), /\((.+)\)$/.exec(code)![1]!]);
  }
  return found;
}

async function diagnose(directory: string): Promise<readonly { filename: string; code: string }[]> {
  const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024 };
  const oxlint = promisify(execFile)(join(ROOT, "node_modules/.bin/oxlint"), ["--format=json"], options);
  // It ends with 1 where it found something.
  const { stdout } = await oxlint.catch((error: { stdout: string }) => error);
  return (JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }).diagnostics;
}
