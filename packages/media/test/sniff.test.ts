import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SNIFF_LENGTH_BYTES, sniffContainer } from "../src/index.ts";
import { ElementId } from "../src/matroska/element-ids.ts";
import { box, bytes, element, fromHex, u32, zeros } from "./support/build.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const transportStream = (strideBytes: number, offset: number, count: number): Uint8Array => {
  const stream = zeros(strideBytes * count + offset);
  for (let index = 0; index < count; index += 1) stream[offset + index * strideBytes] = 0x47;
  return stream;
};

const FTYP = box("ftyp", "isom", u32(512), "isomavc1");

const MEDIA = [
  {
    title: "Matroska by its DocType",
    head: element(ElementId.ebmlHeader, element(0x4282, "matroska")),
    is: "matroska",
  },
  { title: "WebM by its DocType", head: element(ElementId.ebmlHeader, element(0x4282, "webm")), is: "webm" },
  {
    title: "a DocType behind other elements and padded with NUL",
    head: element(ElementId.ebmlHeader, element(0x4286, 1), element(0xec, zeros(64)), element(0x4282, "webm\0\0")),
    is: "webm",
  },
  { title: "MP4 by ftyp", head: FTYP, is: "mp4" },
  { title: "an old QuickTime file that starts with its movie", head: box("moov", box("mvhd", zeros(100))), is: "mp4" },
  { title: "an old QuickTime file that starts with media", head: bytes(u32(1_000_000), "mdat", zeros(64)), is: "mp4" },
  {
    title: "short media followed by a movie",
    head: bytes(box("mdat", zeros(20)), box("moov", box("mvhd", zeros(100)))),
    is: "mp4",
  },
  { title: "QuickTime's wide in front of media", head: bytes(box("wide"), u32(999_999), "mdat", zeros(32)), is: "mp4" },
  { title: "free space in front of ftyp", head: bytes(box("free", zeros(8)), FTYP), is: "mp4" },
  { title: "AVI", head: bytes("RIFF", u32(0), "AVI LIST"), is: "avi" },
  { title: "a transport stream", head: transportStream(188, 0, 5), is: "mpegts" },
  { title: "a transport stream with timestamps (M2TS)", head: transportStream(192, 4, 5), is: "mpegts" },
  { title: "FLV", head: bytes("FLV", 1, 5, u32(9), u32(0)), is: "flv" },
  { title: "ASF", head: fromHex("3026b2758e66cf11a6d900aa0062ce6c 0000"), is: "asf" },
  { title: "Ogg", head: bytes("OggS", 0, 2, zeros(40)), is: "ogg" },
];

const NOT_MEDIA = [
  { title: "nothing", head: zeros(0) },
  { title: "zeros", head: zeros(SNIFF_LENGTH_BYTES) },
  { title: "an HLS playlist", head: text("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nhttp://127.0.0.1/internal.ts\n") },
  { title: "a DASH manifest", head: text('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">') },
  { title: "an ffconcat script", head: text("ffconcat version 1.0\nfile /etc/passwd\n") },
  { title: "an SDP description", head: text("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 1234 RTP/AVP 96\n") },
  { title: "a zip archive", head: bytes("PK\x03\x04", zeros(60)) },
  { title: "a RAR archive", head: bytes("Rar!\x1a\x07\x00", zeros(60)) },
  { title: "plain text", head: text("G'day. This is a text file that starts with the sync byte of MPEG-TS.") },
  { title: "HTML", head: text("<!doctype html><html><body>ftyp moov mdat</body></html>") },
  { title: "HTML that spells ftyp where a box type would be", head: text("<!--ftypisom--><html></html>") },
  { title: "HTML that spells moov where a box type would be", head: text("<!--moov--><html></html>") },
  { title: "an MP4 with junk in front", head: bytes("junk", FTYP) },
  {
    title: "a Matroska file with junk in front",
    head: bytes(0, element(ElementId.ebmlHeader, element(0x4282, "webm"))),
  },
  { title: "EBML of another DocType", head: element(ElementId.ebmlHeader, element(0x4282, "ebook")) },
  { title: "EBML without a DocType", head: element(ElementId.ebmlHeader, element(0x4286, 1)) },
  { title: "a free box in front of nothing known", head: bytes(box("free", zeros(8)), box("abcd", zeros(8))) },
  { title: "short media followed by nothing known", head: bytes(box("mdat", zeros(20)), text("some text goes here")) },
  { title: "a movie without movie boxes", head: box("moov", text("this is not a movie header at all")) },
  { title: "a WAV file", head: bytes("RIFF", u32(0), "WAVEfmt ") },
  { title: "four sync bytes", head: transportStream(188, 0, 4) },
  { title: "FLV of another version", head: bytes("FLV", 2, 5, u32(9)) },
  { title: "FLV with reserved flags", head: bytes("FLV", 1, 0xff, u32(9)) },
  { title: "an ASF GUID that is cut off", head: fromHex("3026b2758e66cf11") },
  { title: "Ogg of another version", head: bytes("OggS", 1, zeros(40)) },
];

describe("sniffContainer", () => {
  it.each(MEDIA)("recognises $title", ({ head, is }) => {
    expect(sniffContainer(head)).toBe(is);
  });

  it.each(NOT_MEDIA)("takes $title for no media", ({ head }) => {
    expect(sniffContainer(head)).toBeUndefined();
  });

  it("needs no more than its named length", () => {
    for (const { head, is } of MEDIA) {
      const padded = bytes(head, zeros(SNIFF_LENGTH_BYTES));
      expect(sniffContainer(padded.subarray(0, SNIFF_LENGTH_BYTES))).toBe(is);
    }
  });

  it("never takes text for media", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 400 }), (value) => {
        expect(sniffContainer(text(value.replace(/\p{Cc}/gu, " ")))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});
