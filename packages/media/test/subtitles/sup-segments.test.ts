import { describe, expect, it } from "vitest";
import { supSegments } from "../../src/index.ts";
import { bytes, u16, u32, zeros } from "../support/build.ts";
import { textPacket, textTrack } from "./text-track.ts";

const pgs = textTrack("pgs");
const segment = (type: number, ...content: number[]): Uint8Array => bytes(type, u16(content.length), ...content);

describe("supSegments", () => {
  it("puts a header in front of every segment", () => {
    const [composition, end] = [segment(0x16, 1, 2, 3), segment(0x80)];
    const header = bytes("PG", u32(90_000 * 1.5), u32(0));
    expect(supSegments(pgs, textPacket(bytes(composition, end), { ptsTicks: 1500 }))).toEqual(
      bytes(header, composition, header, end),
    );
  });

  it.each([
    { title: "before 0", ptsTicks: -100, pts: 0 },
    { title: "after 13 hours, where the format starts again", ptsTicks: 50_000_000, pts: (50_000 * 90_000) % 2 ** 32 },
  ])("has a time $title", ({ ptsTicks, pts }) => {
    expect(supSegments(pgs, textPacket(segment(0x80), { ptsTicks }))).toEqual(
      bytes("PG", u32(pts), u32(0), segment(0x80)),
    );
  });

  it("ends at a segment that is cut off", () => {
    const cut = supSegments(pgs, textPacket(bytes(segment(0x80), 0x15, u16(100), 1, 2, 3)));
    expect(cut).toEqual(supSegments(pgs, textPacket(segment(0x80))));
  });

  it("is empty for what has no segments", () => {
    expect(supSegments(pgs, textPacket(""))).toEqual(zeros(0));
    expect(supSegments(textTrack("srt"), textPacket(segment(0x80)))).toEqual(zeros(0));
  });
});
