import { execFileSync } from "node:child_process";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTorrentFile } from "@riptide/swarm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSources } from "../src/sources.ts";
import { UsageError } from "../src/usage-error.ts";
import { never } from "./support/world.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";
let folder: string;
let torrentFile: Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "riptide-test-sources-"));
  const film = join(folder, "film.mkv");
  await writeFile(film, "a film");
  const files = [{ path: ["film.mkv"], absolutePath: film }];
  torrentFile = await createTorrentFile({ name: "film.mkv", files, pieceLengthBytes: 16_384, signal: never });
  await writeFile(join(folder, "film.torrent"), torrentFile);
  await writeFile(join(folder, HASH), "not looked at");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("what is a source", () => {
  test.each([
    [HASH],
    [HASH.toUpperCase()],
    ["AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH"],
    [`magnet:?xt=urn:btih:${HASH}`],
    [`MAGNET:?xt=urn:btih:${HASH}`],
    ["https://films.example/a.torrent"],
  ])("%s is passed on as it is", async (word) => {
    expect(await readSources([word])).toEqual([word]);
  });

  test("a path becomes the bytes of its file, in the order of the words", async () => {
    const sources = await readSources([HASH, join(folder, "film.torrent")]);
    expect(sources[0]).toBe(HASH);
    expect(Buffer.from(torrentFile).equals(sources[1] as Uint8Array)).toBe(true);
  });
});

describe("what is none", () => {
  test.each([
    ["serv", "serv is no magnet link, URL or info hash, and no file that can be read."],
    ["", " is no magnet link, URL or info hash, and no file that can be read."],
    ["a\u001b[2J\u0000b", "a·[2J·b is no magnet link, URL or info hash, and no file that can be read."],
    [
      "ftp://films.example/a.torrent",
      "ftp://films.example/a.torrent is no magnet link, URL or info hash, and no file that can be read.",
    ],
    ["x".repeat(5_000), `${"x".repeat(60)}… is no magnet link, URL or info hash, and no file that can be read.`],
  ])("%j is neither text nor file", async (word, sentence) => {
    expect(await sentenceAbout(word)).toBe(sentence);
  });

  test("a magnet without an info hash says what it lacks", async () => {
    expect(await sentenceAbout("magnet:?dn=film")).toMatch(/^magnet:\?dn=film: .+\.$/);
  });

  test("a folder is no file", async () => {
    expect(await sentenceAbout(folder)).toBe("FOLDER is no file.");
  });

  test("a named pipe is no file, and nobody waits for it", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("/usr/bin/env", ["mkfifo", pipe]); // Node cannot make one
    expect(await sentenceAbout(pipe)).toBe("FOLDER/pipe is no file.");
  });

  test("a film is no .torrent file", async () => {
    expect(await sentenceAbout(join(folder, "film.mkv"))).toMatch(/^FOLDER\/film\.mkv: .+\.$/);
  });

  test("what is larger than any .torrent file is not read", async () => {
    const large = join(folder, "large.mkv");
    await writeFile(large, "");
    await truncate(large, 50_000_000_000);
    expect(await sentenceAbout(large)).toBe("FOLDER/large.mkv is too large to be a .torrent file.");
  });
});

async function sentenceAbout(word: string): Promise<string> {
  const error: unknown = await readSources([HASH, word]).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message.replaceAll(folder, "FOLDER");
}
