import type { ByteRange } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { demoFilm } from "../../../media/test/support/corpus.ts";
import { FilmLibrary } from "../../src/film-library.ts";
import { createStreamFactory } from "../../src/index.ts";
import { createContext, KIB, MIB, readAll, requestOf, type TestContext, virtualClock } from "../support/context.ts";
import { hlsFilm, hlsRequest } from "../support/hls.ts";

const SEGMENTS = 12;
/** In MP4, sound of the same time lies before or after its picture, by up to a second. */
const INTERLEAVED_BYTES = 32 * KIB;
const FILMS = [
  ["MKV", "matroska"],
  ["WebM", "webm"],
  ["MP4", "mp4"],
] as const;
const FOLDERS = ["video", "audio/0"] as const;

describe.each(FILMS)("A segment of %s", (kind, container) => {
  const bytes = demoFilm(kind);
  const fresh = new Map<string, Promise<Uint8Array>>();

  /** What one gets who asks for nothing else. */
  const alone = (path: string): Promise<Uint8Array> => {
    const made = fresh.get(path) ?? hlsFilm(bytes).bytes(path);
    fresh.set(path, made);
    return made;
  };

  test("is the same whatever was asked before or meanwhile, and however its bytes come", async () => {
    const path = fc
      .tuple(fc.constantFrom(...FOLDERS), fc.nat(SEGMENTS))
      .map(([folder, number]) => (number === SEGMENTS ? `${folder}/init.mp4` : `${folder}/seg-${number}.m4s`));
    const rounds = fc.array(fc.array(path, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(rounds, fc.integer({ min: 4, max: 100 }), async (asked, pieceKib) => {
        const clock = virtualClock();
        const arrivals = { kind: "swarm", bytesPerSecond: MIB, latencyMs: 20 } as const;
        const { provider } = createContext({ bytes, clock, arrivals, pieceLengthBytes: pieceKib * KIB });
        const factory = createStreamFactory({ ffmpeg: undefined, clock });
        const ask = async (each: string): Promise<Uint8Array> =>
          readAll(await factory.hls.produce(hlsRequest(each), requestOf(provider, clock).context));
        for (const round of asked) {
          const got = await clock.runUntil(Promise.all(round.map(ask)), 600_000);
          const wanted = await Promise.all(round.map(alone));
          expect(got.map((each, index) => Buffer.compare(each, wanted[index]!))).toEqual(round.map(() => 0));
        }
        expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
        provider[Symbol.dispose]();
      }),
      { numRuns: 12 },
    );
  });

  test.each(FOLDERS)("(%s) fetches the ends of the file, its own bytes, and nothing else", async (folder) => {
    const clock = virtualClock();
    const arrivals = { kind: "swarm", bytesPerSecond: MIB, latencyMs: 20 } as const;
    const viewer = createContext({ bytes, clock, arrivals, pieceLengthBytes: 4 * KIB });
    onTestFinished(() => viewer.provider[Symbol.dispose]());
    const factory = createStreamFactory({ ffmpeg: undefined, clock });
    const produce = async (): Promise<Uint8Array> =>
      readAll(await factory.hls.produce(hlsRequest(`${folder}/seg-9.m4s`), viewer.context));
    expect(Buffer.compare(await clock.runUntil(produce(), 60_000), await alone(`${folder}/seg-9.m4s`))).toBe(0);

    const own = await bytesOfSegment(viewer, container, 9);
    const [head, tail] = [64 * KIB, bytes.length - 64 * KIB];
    const strangers = viewer.provider.available({ start: 0, end: bytes.length }).filter(({ start, end }) => {
      const isEnd = end <= head + 4 * KIB || start >= tail - 4 * KIB;
      return !isEnd && (start < own.start - INTERLEAVED_BYTES || end > own.end + INTERLEAVED_BYTES);
    });
    expect(strangers).toEqual([]);
    expect(viewer.provider.counters().fetchedBytes).toBeLessThan(own.end - own.start + (64 + 64 + 16) * KIB);
  });
});

async function bytesOfSegment(
  { context }: TestContext,
  container: "matroska" | "webm" | "mp4",
  number: number,
): Promise<ByteRange> {
  const films = new FilmLibrary();
  const film = await films.film(container, context);
  const { stretch } = (await films.segments(film!, context))![number]!;
  return { start: stretch.from!.offsetBytes, end: stretch.to!.offsetBytes };
}
