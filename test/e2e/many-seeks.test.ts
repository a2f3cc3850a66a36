import { readdir } from "node:fs/promises";
import { createRandom, type Random } from "@riptide/sim";
import { expect, it } from "vitest";
import { ffmpegsOf } from "../support/command-line.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { residentBytes } from "../support/resident-bytes.ts";
import { filesOf, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { isSoak } from "../support/soak.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const CLIENTS = 20;
const SEEKS_EACH = isSoak ? 50 : 20;
const FILM_SECONDS = 20;
/** One that waits for the next segment of each kind of sound; it goes after a minute. */
const SPARE_ENCODERS = 1;
/** What the first half of the seeks may have left room for is used again by the second half. */
const GROWTH_LIMIT_BYTES = 64 * 1024 * 1024;

describeWith("ffmpeg", "libtorrent")("20 clients that seek", () => {
  it("again and again at random leave no process, demand, descriptor or memory behind", {
    timeout: 300_000,
  }, async () => {
    await using folder = await temporaryFolder("seeks");
    await using riptide = await startQuietRiptide(folder.path);
    await using copied = await shareFilm("mkv-h264-aac-srt", { pieceLengthBytes: 64 * 1024 });
    await using converted = await shareFilm("mkv-h264-bframes-ac3-ass", { pieceLengthBytes: 64 * 1024 });
    await using moved = await shareFilm("mp4-moov-last", { pieceLengthBytes: 64 * 1024 });
    const shared = [copied, converted, moved];
    for (const film of shared) await riptide.add(film.magnet);
    for (const { infoHash } of shared) await filesOf(riptide, infoHash);
    const addresses = addressesOf(riptide, { copied, converted, moved });
    const half = (seed: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: CLIENTS }, (_, client) =>
          seekAround(addresses, createRandom(seed + client), SEEKS_EACH / 2),
        ),
      );
    await half(1000);
    await nothingLeft(riptide, shared);
    const before = { bytes: await residentBytes(riptide.process.child.pid!), descriptors: await descriptors(riptide) };
    await half(2000);
    await nothingLeft(riptide, shared);
    await waitUntil("the descriptors are back", async () => (await descriptors(riptide)) <= before.descriptors + 4);
    const grownBytes = (await residentBytes(riptide.process.child.pid!)) - before.bytes;
    console.log(`${(CLIENTS * SEEKS_EACH) / 2} more seeks: ${(grownBytes / 1e6).toFixed(1)} MB more`);
    expect(grownBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
  });
});

type Address = (random: Random) => { readonly url: string; readonly headers?: Record<string, string> };

/** Every surface, at any place. */
function addressesOf(
  { url }: RunningRiptide,
  { copied, converted, moved }: Readonly<Record<"copied" | "converted" | "moved", SharedFilm>>,
): readonly Address[] {
  return [
    (random) => ({ url: `${url}/stream/${copied.infoHash}/0/remux.mp4?t=${time(random)}` }),
    (random) => ({ url: `${url}/stream/${converted.infoHash}/0/remux.mp4?t=${time(random)}` }),
    (random) => ({ url: `${url}/stream/${moved.infoHash}/0/virtual.mp4`, headers: range(random) }),
    (random) => ({ url: `${url}/stream/${copied.infoHash}/0/virtual.mp4`, headers: range(random) }),
    (random) => ({ url: `${url}/stream/${copied.infoHash}/0/direct`, headers: range(random) }),
    (random) => ({ url: `${url}/stream/${copied.infoHash}/0/hls/video/seg-${segment(random)}.m4s` }),
    (random) => ({ url: `${url}/stream/${copied.infoHash}/0/hls/subtitles/0/seg-${segment(random)}.vtt` }),
    (random) => ({ url: `${url}/stream/${converted.infoHash}/0/hls/audio/0/seg-${segment(random)}.m4s` }),
  ];
}

function segment(random: Random): number {
  return random.int(0, 5);
}

function range(random: Random): Record<string, string> {
  return { range: `bytes=${random.int(0, 1_000_000)}-` };
}

function time(random: Random): string {
  return (random.next() * FILM_SECONDS * 0.9).toFixed(3);
}

/** Asks for one place after the other; of some it reads all, from others it goes away in the middle. */
async function seekAround(addresses: readonly Address[], random: Random, seeks: number): Promise<void> {
  for (let seek = 0; seek < seeks; seek += 1) {
    const { url, headers = {} } = random.pick(addresses)(random);
    const client = new AbortController();
    const response = await fetch(url, { headers, signal: client.signal });
    // Or all encoders are busy: a player would come again.
    expect([200, 206, 503]).toContain(response.status);
    const wantedBytes = random.int(1, 400_000);
    let received = 0;
    for await (const chunk of response.body!) {
      received += chunk.length;
      if (received >= wantedBytes) break;
    }
    client.abort();
  }
}

async function nothingLeft(riptide: RunningRiptide, shared: readonly SharedFilm[]): Promise<void> {
  const pid = riptide.process.child.pid!;
  await waitUntil("no ffmpeg but a spare one is left", async () => (await ffmpegsOf(pid)).length <= SPARE_ENCODERS);
  for (const { infoHash } of shared) {
    await waitUntil("no demand is left", async () => (await riptide.torrent(infoHash)).activeDemands === 0);
  }
}

async function descriptors({ process }: RunningRiptide): Promise<number> {
  return (await readdir(`/proc/${process.child.pid!}/fd`)).length;
}
