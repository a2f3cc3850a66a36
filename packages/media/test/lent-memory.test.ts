import type { ByteRange } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ByteStream, type Demuxer, openAvi, openIsobmff, openMatroska, openMpegts } from "../src/index.ts";
import { aviFilm, BYTES_OF_MP3, mp3Frame, PICTURES, picture, soundChunk } from "./avi/film.ts";
import { corpusFile, demoFilm } from "./support/corpus.ts";
import { MemorySource, never } from "./support/memory-source.ts";
import { RangeStream } from "./support/range-stream.ts";

const FILMS: readonly [
  title: string,
  file: () => Uint8Array,
  open: (...source: Parameters<typeof openMatroska>) => Promise<Demuxer>,
][] = [
  ["a Matroska film", () => demoFilm("MKV"), openMatroska],
  ["a WebM film", () => demoFilm("WebM"), openMatroska],
  ["an MP4", () => demoFilm("MP4"), openIsobmff],
  ["packed and laced Matroska", () => corpusFile("mkv/sample_with_pgs_subtitles.mkv"), openMatroska],
  ["a fragmented MP4", () => corpusFile("mp4/sample_fragmented.mp4"), openIsobmff],
  ["an AVI", () => corpusFile("avi/sample.avi"), openAvi],
  ["an AVI without an index", () => withoutIndex(corpusFile("avi/sample.avi")), openAvi],
  ["an AVI whose chunks end in the middle of frames", aviWithTornFrames, openAvi],
  ["a transport stream", () => corpusFile("ts/sample_h264_mpeg_audio.ts"), openMpegts],
];

describe("the memory of a stream", () => {
  it.each(FILMS)(
    "may be used again once the next bytes are asked for, but for packets: %s",
    async (_title, read, open) => {
      const file = read();
      const source = new MemorySource(file);
      const demuxer = await open(source, never);
      const expected = await packetsOf(demuxer, (ranges) => new RangeStream(file, ranges));
      expect(expected.length).toBeGreaterThan(5);
      const sizes = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 60_000 }));
      await fc.assert(
        fc.asyncProperty(fc.infiniteStream(sizes), async (pieces) => {
          const found = await packetsOf(demuxer, (ranges) => forgetful(new RangeStream(file, ranges), pieces));
          expect(found).toEqual(expected);
        }),
        { numRuns: 10 },
      );
    },
  );
});

function aviWithTornFrames(): Uint8Array {
  const sound = Buffer.concat(Array.from({ length: 600 }, (_, number) => mp3Frame(number)));
  const chunks = Array.from({ length: 400 }, (_, number) =>
    soundChunk(sound.subarray(number * 550, (number + 1) * 550)),
  );
  return aviFilm([PICTURES, BYTES_OF_MP3], [picture(0), ...chunks]);
}

function withoutIndex(avi: Uint8Array): Uint8Array {
  return avi.subarray(0, Buffer.from(avi).lastIndexOf("idx1"));
}

/** All packets, each copied when it comes. */
async function packetsOf(demuxer: Demuxer, open: (ranges: readonly ByteRange[]) => ByteStream): Promise<string[]> {
  const tracks = new Set(demuxer.tracks.map(({ number }) => number));
  const packets: string[] = [];
  for await (const batch of demuxer.packets({ stretch: { from: undefined, to: undefined }, tracks, open })) {
    for (const { data, ...times } of batch) packets.push(JSON.stringify(times) + Buffer.from(data).toString("base64"));
  }
  return packets;
}

/** Gives copies in pieces of these sizes, and spoils each as soon as it is asked for the next one. */
function forgetful(stream: ByteStream, sizes: Iterator<number>): ByteStream {
  let latest: Uint8Array | undefined;
  return {
    get offsetBytes() {
      return stream.offsetBytes;
    },
    next: async (lengthBytes) => {
      latest?.fill(0xee);
      latest = (await stream.next(Math.min(lengthBytes, sizes.next().value)))?.slice();
      return latest;
    },
    skip: (lengthBytes) => stream.skip(lengthBytes),
  };
}
