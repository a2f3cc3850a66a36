import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lacing, lacedFrames } from "../../src/matroska/lacing.ts";
import { bytes, fromHex } from "../support/build.ts";
import { ebmlLace, fixedLace, xiphLace } from "./film.ts";

const frame = fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ minLength: 250, maxLength: 520 }));
const frames = fc.array(frame, { minLength: 1, maxLength: 8 });

describe("lacedFrames", () => {
  it.each([
    { title: "Xiph", lacing: Lacing.xiph, lace: xiphLace },
    { title: "EBML", lacing: Lacing.ebml, lace: ebmlLace },
  ])("takes apart what $title lacing put together", ({ lacing, lace }) => {
    fc.assert(
      fc.property(frames, (stored) => {
        expect(lacedFrames(lacing, lace(...stored))).toEqual(stored);
      }),
    );
  });

  it("cuts a block of fixed lacing into equal parts", () => {
    const stored = [bytes(1, 2), bytes(3, 4), bytes(5, 6)];
    expect(lacedFrames(Lacing.fixed, fixedLace(...stored))).toEqual(stored);
  });

  it("takes a block without lacing as it is", () => {
    expect(lacedFrames(Lacing.none, bytes(1, 2))).toEqual([bytes(1, 2)]);
  });

  it("holds up to 256 frames", () => {
    const stored = Array.from({ length: 256 }, (_, index) => bytes(index));
    expect(lacedFrames(Lacing.ebml, ebmlLace(...stored))).toEqual(stored);
  });

  it.each([
    { title: "no number of frames", lacing: Lacing.xiph, hex: "" },
    { title: "a Xiph size that is cut off", lacing: Lacing.xiph, hex: "01 ff" },
    { title: "a Xiph size beyond the block", lacing: Lacing.xiph, hex: "01 05 00" },
    { title: "an EBML size that is cut off", lacing: Lacing.ebml, hex: "01 40" },
    { title: "an EBML size that is none", lacing: Lacing.ebml, hex: "01 00" },
    { title: "an EBML size below zero", lacing: Lacing.ebml, hex: "02 81 80 00" },
    { title: "EBML sizes beyond the block", lacing: Lacing.ebml, hex: "02 83 c0 00" },
    { title: "a rest in fixed lacing", lacing: Lacing.fixed, hex: "01 00 00 00" },
  ])("takes $title for damage", ({ lacing, hex }) => {
    expect(lacedFrames(lacing, fromHex(hex))).toBeUndefined();
  });
});
