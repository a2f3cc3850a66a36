import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeIn } from "../../src/engine/source-intake.ts";
import { createTorrentFile, parseTorrentFile } from "../../src/metainfo/index.ts";
import { Network } from "../../src/network/network.ts";
import { startHttpServer } from "../metainfo/http-server.ts";
import { virtualTime } from "../session/virtual-time.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";
const { signal } = new AbortController();
const options = { network: new Network({}), clock: virtualTime(), signal, isLocal: true };

describe("takeIn", () => {
  let torrentFile: Uint8Array;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    folder = await temporaryFolder();
    const absolutePath = join(folder.path, "film.mkv");
    await writeFile(absolutePath, "not much of a film");
    torrentFile = await createTorrentFile({
      name: "film.mkv",
      files: [{ absolutePath, path: ["film.mkv"] }],
      pieceLengthBytes: 16_384,
      trackers: [["http://tracker.example/announce"], ["udp://other.example:1"]],
      signal,
    });
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  it("takes an info hash for all that is known", async () => {
    expect(await takeIn(INFO_HASH.toUpperCase(), options)).toEqual({
      infoHash: INFO_HASH,
      displayName: undefined,
      trackers: [],
      peers: [],
      webSeeds: [],
      isLocal: true,
      metainfo: undefined,
    });
  });

  it("takes a magnet with its peers, each tracker a tier of its own", async () => {
    const magnet = `magnet:?xt=urn:btih:${INFO_HASH}&dn=Film&tr=http://a.example/x&tr=udp://b.example:1&x.pe=10.0.0.1:2&ws=http://c.example/`;
    expect(await takeIn(magnet, options)).toEqual({
      infoHash: INFO_HASH,
      displayName: "Film",
      trackers: [["http://a.example/x"], ["udp://b.example:1"]],
      peers: [{ host: "10.0.0.1", port: 2 }],
      webSeeds: ["http://c.example/"],
      isLocal: true,
      metainfo: undefined,
    });
  });

  it("takes the bytes of a torrent file, and the same from a URL", async () => {
    const { infoHash } = parseTorrentFile(torrentFile);
    const expected = {
      infoHash,
      displayName: "film.mkv",
      trackers: [["http://tracker.example/announce"], ["udp://other.example:1"]],
      peers: [],
    };
    expect(await takeIn(torrentFile, options)).toMatchObject(expected);
    await using server = await startHttpServer((_request, response) => response.end(Buffer.from(torrentFile)));
    const intake = await takeIn(`${server.origin}/film.torrent`, options);
    expect(intake).toMatchObject(expected);
    expect(intake.metainfo?.files.map(({ path }) => path)).toEqual([["film.mkv"]]);
  });

  it.each<{ what: string; source: string | Uint8Array; code: string }>([
    { what: "text that is no source", source: "hello", code: "bad_source" },
    { what: "an empty magnet", source: "magnet:?", code: "bad_source" },
    { what: "a v2 magnet", source: `magnet:?xt=urn:btmh:1220${"ab".repeat(32)}`, code: "unsupported_v2" },
    { what: "bytes that are no torrent", source: Buffer.from("<html>"), code: "bad_torrent" },
    { what: "no bytes", source: new Uint8Array(), code: "bad_torrent" },
  ])("refuses $what", async ({ source, code }) => {
    await expect(takeIn(source, options)).rejects.toMatchObject({ name: "SourceError", code });
  });

  it("refuses a URL with another document, or none", async () => {
    await using server = await startHttpServer((request, response) => {
      if (request.url === "/missing") response.writeHead(404);
      response.end("<html></html>");
    });
    await expect(takeIn(`${server.origin}/page`, options)).rejects.toMatchObject({ code: "bad_torrent" });
    await expect(takeIn(`${server.origin}/missing`, options)).rejects.toMatchObject({ code: "fetch_failed" });
  });

  it("fetches nothing from a private network unless whoever runs this machine says so", async () => {
    await using server = await startHttpServer((_request, response) => response.end(Buffer.from(torrentFile)));
    const { port } = new URL(server.origin);
    for (const host of ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"]) {
      const intake = takeIn(`http://${host}:${port}/film.torrent`, { ...options, isLocal: false });
      await expect(intake).rejects.toMatchObject({
        code: "fetch_failed",
        message: expect.stringContaining("private network"),
      });
    }
    expect(server.paths).toEqual([]);
  });

  it("ends with its signal while it fetches", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using server = await startHttpServer(() => controller.abort(reason));
    const intake = takeIn(`${server.origin}/film.torrent`, { ...options, signal: controller.signal });
    await expect(intake).rejects.toBe(reason);
  });
});
