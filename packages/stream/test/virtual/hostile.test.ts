import type { PieceProvider } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ElementId } from "../../../media/src/matroska/element-ids.ts";
import { AAC_CONFIGURATION, AVC_RECORD } from "../../../media/test/fmp4/coded.ts";
import {
  compression,
  cues,
  EBML,
  ebmlLace,
  FIXED,
  fixedLace,
  info,
  KEYFRAME,
  matroska,
  SEGMENT_START,
  simpleBlock,
  strippedOf,
  timedCluster,
  track,
  tracks,
  XIPH,
  xiphLace,
} from "../../../media/test/matroska/film.ts";
import { element, f64 } from "../../../media/test/support/build.ts";
import { get, MIB, readAll } from "../support/context.ts";
import { topLevelTypes } from "../support/fragments.ts";
import { bytesOf, codeOf, complete, factory, virtual } from "./virtual.ts";

const VIDEO = 1;
const AUDIO = 2;
const picture = (...fields: Uint8Array[]): Uint8Array =>
  track(VIDEO, 1, "V_MPEG4/ISO/AVC", element(ElementId.codecPrivate, AVC_RECORD), ...fields);
const sound = (...fields: Uint8Array[]): Uint8Array =>
  track(
    AUDIO,
    2,
    "A_AAC",
    element(ElementId.codecPrivate, AAC_CONFIGURATION),
    element(ElementId.audio, element(ElementId.samplingFrequency, f64(48_000))),
    ...fields,
  );

/** A film of clusters a second apart, each with what is given and an entry of the index. */
function filmOf(entries: readonly Uint8Array[], ...seconds: readonly (readonly Uint8Array[])[]): Uint8Array {
  const head = [info(1000 * seconds.length), tracks(...entries)];
  const clusters = seconds.map((blocks, second) => timedCluster(1000 * second, ...blocks));
  let position = head.reduce((sum, { length }) => sum + length, 0);
  const points = clusters.map(({ length }, second): [number, number, number] => {
    const point: [number, number, number] = [1000 * second, VIDEO, position];
    position += length;
    return point;
  });
  const index = cues(...points);
  // Nothing tells where the index is but that it lies in front.
  const shifted = cues(
    ...points.map(([ticks, number, at]): [number, number, number] => [ticks, number, at + index.length]),
  );
  return matroska(...head, shifted, ...clusters);
}

const frame = (sizeBytes: number, fill = 0x41): Uint8Array => new Uint8Array(sizeBytes).fill(fill);
const pictures = (count: number, sizeBytes: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) =>
    simpleBlock(VIDEO, Math.floor((index * 1000) / count), index === 0 ? KEYFRAME : 0, frame(sizeBytes)),
  );
const PLAIN = pictures(24, 500);

describe("A film with more frames than its header says", () => {
  /** So small, and so unlike each other, that what MP4 says of each takes more than its block. */
  const tooMany = Array.from({ length: 20_000 }, (_, index) =>
    simpleBlock(VIDEO, Math.floor(index / 20), index % 3 === 0 ? KEYFRAME : 0, frame(1 + (index % 2))),
  );

  test("breaks off in the segment that cannot be promised, and never sends a wrong byte", async () => {
    const honest = await readAll(await virtual(filmOf([picture()], PLAIN, PLAIN, PLAIN)));
    const viewer = complete(filmOf([picture()], PLAIN, PLAIN, tooMany));
    const response = await factory().virtual.produce(get(), viewer.context);
    const chunks: Uint8Array[] = [];
    const body = (async () => {
      for await (const chunk of response.body ?? []) chunks.push(chunk);
    })();
    await expect(body).rejects.toMatchObject({ code: "not_seekable", message: expect.stringContaining("remux.mp4") });
    const received = Buffer.concat(chunks);
    expect(received.length).toBeLessThan(Number(response.headers.get("content-length")));
    expect(topLevelTypes(received)).toEqual(["ftyp", "moov", "free", "sidx", "moof", "mdat", "moof", "mdat"]);
    const media = received.subarray(received.indexOf("moof") - 4);
    expect(
      Buffer.compare(
        media,
        Buffer.from(honest)
          .subarray(Buffer.from(honest).indexOf("moof") - 4)
          .subarray(0, media.length),
      ),
    ).toBe(0);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test.each<[string, Uint8Array]>([
    ["pictures of a byte", filmOf([picture()], tooMany)],
    ["stripped ones that become large", filmOf([picture(strippedOf(frame(256)))], tooMany)],
    [
      "laced ones by the hundred thousand",
      filmOf(
        [picture(), sound()],
        Array.from({ length: 800 }, () =>
          simpleBlock(AUDIO, 0, FIXED, fixedLace(...Array.from({ length: 256 }, () => frame(1)))),
        ),
      ),
    ],
  ])("%s is refused before a byte of its segment is sent", async (_, film) => {
    const viewer = complete(film);
    const streams = factory();
    const { headers } = await streams.virtual.produce(
      new Request("http://127.0.0.1/", { method: "HEAD" }),
      viewer.context,
    );
    const range = `bytes=${Number(headers.get("content-length")) - 1}-`;
    expect(await codeOf(streams.virtual.produce(get({ range }), viewer.context))).toBe("not_seekable");
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

describe("A film whose segments cannot be promised", () => {
  test.each<[string, () => Uint8Array]>([
    ["is compressed", () => filmOf([picture(compression())], PLAIN)],
    [
      "has 65 MiB from one keyframe to the next",
      () => filmOf([picture()], [element(ElementId.void, new Uint8Array(65 * MIB)), ...PLAIN]),
    ],
    ["does not say how long it is", () => matroska(tracks(picture()), timedCluster(0, ...PLAIN))],
  ])("because it %s is told so at once", async (_, film) => {
    expect(await codeOf(virtual(film()))).toBe("not_seekable");
  });
});

/** The same, of a film whose bytes come little by little. */
function virtualBitByBit(film: Uint8Array): Promise<Response> {
  const { context } = complete(film);
  const { provider } = context;
  const readAt: typeof provider.readAt = (offset, length, options) =>
    provider.readAt(offset, Math.min(length, 1 + (offset % 700)), options);
  const slow: PieceProvider = {
    sizeBytes: provider.sizeBytes,
    readAt,
    available: (range) => provider.available(range),
    want: (demand) => provider.want(demand),
  };
  return factory().virtual.produce(get(), { ...context, provider: slow });
}

const LACES: Readonly<Record<number, typeof xiphLace>> = { [XIPH]: xiphLace, [EBML]: ebmlLace, [FIXED]: fixedLace };

describe("A film that is made unlike others", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 47 });
  const laced = fc
    .record({ flags: fc.constantFrom(0, XIPH, EBML, FIXED), lengths })
    .map(({ flags, lengths: sizes }) => {
      if (flags === 0)
        return sizes.map((length, index) => simpleBlock(AUDIO, index * 21, KEYFRAME, frame(length, index)));
      const frames = sizes.map((length, index) => frame(flags === FIXED ? sizes[0]! : length, index));
      const lace = LACES[flags]!;
      return [simpleBlock(AUDIO, 0, KEYFRAME | flags, lace(...frames))];
    });
  const shown = fc
    .array(fc.record({ ticks: fc.nat(999), sizeBytes: fc.integer({ min: 1, max: 3000 }) }), { maxLength: 60 })
    .map((blocks) =>
      blocks.map(({ ticks, sizeBytes }, index) =>
        simpleBlock(VIDEO, ticks, index === 0 ? KEYFRAME : 0, frame(sizeBytes)),
      ),
    );
  const second = fc.tuple(shown, laced).map(([video, audio]) => [...video, ...audio]);

  test("laced, irregular, empty in places: any piece is a part of the whole", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(second, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.nat(),
        async (seconds, from, to) => {
          const film = filmOf([picture(), sound()], ...seconds);
          const response = await virtual(film);
          const whole = await readAll(response);
          expect(whole.length).toBe(Number(response.headers.get("content-length")));
          const [start, end] = [from % whole.length, to % whole.length].sort((left, right) => left - right);
          const piece = await bytesOf(factory(), film, { start: start!, end: end! + 1 });
          expect(Buffer.compare(piece, whole.subarray(start, end! + 1))).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("damaged, it keeps its length and its bytes, however they come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 60 }), async (at, noise) => {
        const film = filmOf([picture(), sound()], PLAIN, PLAIN, PLAIN);
        const first = Buffer.from(film).indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]), SEGMENT_START) + 12;
        film.set(noise.subarray(0, film.length - first), first + (at % (film.length - first - noise.length)));
        const viewer = complete(film);
        const response = await factory().virtual.produce(get(), viewer.context);
        const body = await readAll(response);
        expect(body.length).toBe(Number(response.headers.get("content-length")));
        expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
        expect(Buffer.compare(await readAll(await virtualBitByBit(film)), body)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
