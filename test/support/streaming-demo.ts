import { readdir } from "node:fs/promises";
import type { Torrent, TorrentList } from "@riptide/http";
import { expect } from "vitest";
import { ffmpegsOf, startCommandLine, urlOf } from "./command-line.ts";
import type { TestProcess } from "./processes.ts";
import { waitUntil } from "./wait.ts";

/** The demo, with all its temporary folders below this one, and a script for Node that sets off a fault. */
export function startDemo(folder: string, fault?: string, ...words: readonly string[]): TestProcess {
  const nodeWords = fault === undefined ? [] : ["--import", `data:text/javascript,${encodeURIComponent(fault)}`];
  return startCommandLine(["demo", "--port=0", ...words], { environment: { TMPDIR: folder }, nodeWords });
}

/** Starts a body of known length and one through ffmpeg, both slower than any grace. */
export async function startStreams(riptide: TestProcess) {
  const url = await urlOf(riptide);
  const torrents = await readyTorrents(url, 3);
  const infoHash = (extension: string): string => torrents.find(({ name }) => name.endsWith(extension))!.infoHash;
  const bodies = await Promise.all(
    [`${infoHash(".mp4")}/0/direct`, `${infoHash(".mkv")}/0/remux.mp4?sound=aac`].map(async (path) => {
      const response = await fetch(`${url}/stream/${path}`);
      expect(response.status).toBe(200);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      expect((await reader.read()).value?.length).toBeGreaterThan(0);
      return reader;
    }),
  );
  const children = await ffmpegsOf(riptide.child.pid!);
  expect(children.length).toBeGreaterThanOrEqual(1);
  return { bodies, children };
}

/** Temporary folders of ours that are still there. */
export async function leftoversIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith("riptide-"));
}

export async function readyTorrents(url: string, count: number): Promise<readonly Torrent[]> {
  return await waitUntil(`${count} torrents are ready`, async () => {
    const { torrents } = (await (await fetch(`${url}/api/torrents`)).json()) as TorrentList;
    return torrents.length === count && torrents.every(({ state }) => state === "ready") && torrents;
  });
}

/** How a body ended: as if it were whole, or cut off. */
export async function endOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<"whole" | "cut"> {
  try {
    while (!(await reader.read()).done) {}
    return "whole";
  } catch {
    return "cut";
  }
}
