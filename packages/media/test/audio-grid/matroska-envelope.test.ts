import { describe, expect, test } from "vitest";
import { audioGridOf } from "../../src/audio-grid/audio-grid.ts";
import { envelopeFrame, envelopeHeader } from "../../src/audio-grid/matroska-envelope.ts";
import { elementHeaderAt, elementsOf, fieldsOf, unsignedInteger } from "../../src/matroska/ebml.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { parseTracks } from "../../src/matroska/tracks.ts";
import { zeros } from "../support/build.ts";
import { FRAMES, soundTrack, streamInfo } from "./support/sound.ts";

/** What follows the head of the Segment. */
function segmentOf(header: Uint8Array): Uint8Array {
  const [ebml] = elementsOf(header);
  expect(ebml!.id).toBe(ElementId.ebmlHeader);
  const position = elementHeaderAt(header, 0)!.headerLengthBytes + ebml!.content.length;
  const segment = elementHeaderAt(header, position)!;
  expect([segment.id, segment.contentLengthBytes]).toEqual([ElementId.segment, Number.POSITIVE_INFINITY]);
  return header.subarray(position + segment.headerLengthBytes);
}

describe("The envelope", () => {
  test("names one track, as our own parser reads it", () => {
    const track = soundTrack("flac", 96_000, streamInfo(4608, 4608));
    const fields = fieldsOf(
      segmentOf(envelopeHeader(audioGridOf(track, [{ ptsTicks: 0, data: FRAMES.flacSurround }]))),
    );
    const info = fieldsOf(fields.get(ElementId.info)!);
    expect(unsignedInteger(info.get(ElementId.timestampScale))).toBe(1000);
    const [parsed, ...others] = parseTracks(fields.get(ElementId.tracks)!);
    expect(others).toEqual([]);
    expect(parsed).toMatchObject({
      number: 1,
      track: { kind: "audio", codec: "flac", codecTag: "A_FLAC", channels: 6, sampleRateHz: 96_000 },
    });
  });

  test("says how PCM lies", () => {
    const pcm = { kind: "signed", byteOrder: "big", bitsPerSample: 24 } as const;
    const track = { ...soundTrack("pcm"), pcm };
    const header = envelopeHeader(audioGridOf(track, [{ ptsTicks: 0, data: zeros(18) }]));
    const tracks = fieldsOf(segmentOf(header)).get(ElementId.tracks)!;
    const entry = fieldsOf(fieldsOf(tracks).get(ElementId.trackEntry)!);
    expect(Buffer.from(entry.get(ElementId.codecId)!).toString()).toBe("A_PCM/INT/BIG");
    expect(unsignedInteger(fieldsOf(entry.get(ElementId.audio)!).get(0x6264))).toBe(24);
  });

  test.each([0, 0.000_001, 10, 4_000.123_456])("has a frame at %d s in a cluster of its own", (seconds) => {
    const data = Uint8Array.from({ length: 300 }, (_, index) => index);
    const bytes = envelopeFrame(seconds, data);
    const cluster = elementHeaderAt(bytes, 0)!;
    expect([cluster.id, cluster.contentLengthBytes]).toEqual([ElementId.cluster, Number.POSITIVE_INFINITY]);
    const [timestamp, block] = elementsOf(bytes.subarray(cluster.headerLengthBytes));
    expect(unsignedInteger(timestamp!.content)).toBe(Math.round(seconds * 1e6));
    expect([...block!.content]).toEqual([0x81, 0, 0, 0x80, ...data]);
  });
});
