import { describe, expect, test } from "vitest";
import { openIsobmff } from "../../src/index.ts";
import { pcmFormatOf } from "../../src/isobmff/pcm-format.ts";
import type { PcmFormat } from "../../src/packet.ts";
import { bytes, fromHex, zeros } from "../support/build.ts";
import { demoFilm } from "../support/corpus.ts";
import { remade } from "../support/ffmpeg.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const format = (kind: PcmFormat["kind"], byteOrder: PcmFormat["byteOrder"], bitsPerSample: number): PcmFormat => ({
  kind,
  byteOrder,
  bitsPerSample,
});

describe("QuickTime as ffmpeg writes it", () => {
  test.each<[string, PcmFormat]>([
    ["pcm_u8", format("unsigned", "big", 8)],
    ["pcm_s16le", format("signed", "little", 16)],
    ["pcm_s16be", format("signed", "big", 16)],
    ["pcm_s24be", format("signed", "big", 24)],
    ["pcm_s24le", format("signed", "little", 24)],
    ["pcm_s32be", format("signed", "big", 32)],
    ["pcm_f32be", format("float", "big", 32)],
    ["pcm_f32le", format("float", "little", 32)],
    ["pcm_f64le", format("float", "little", 64)],
  ])("tells how %s lies, with its channels and its rate", async (encoder, expected) => {
    const film = await remade(demoFilm("MP4"), `-vn -c:a ${encoder} -ac 2 -ar 48000 -t 0.2`, "mov");
    const { tracks } = await openIsobmff(new MemorySource(film), never);
    expect(tracks[0]).toMatchObject({ pcm: expected, timescale: 48_000 });
    expect(tracks[0]!.track).toMatchObject({ codec: "pcm", channels: 2, sampleRateHz: 48_000 });
  });
});

const entry = (type: string, ...rest: Uint8Array[]) => ({ type, content: bytes(zeros(28), ...rest) });
/** Version 2 of QuickTime up to the bits of a channel; then flags, and 8 octets more. */
const linear = (bits: string, flags: string) =>
  bytes(fromHex("00000048 40e7700000000000 00000006 7f000000"), fromHex(bits), fromHex(flags), zeros(8));
const pcmC = (flags: string) => bytes(fromHex("0000000e"), "pcmC", zeros(4), fromHex(flags));

describe("Sample entries by their fields", () => {
  test.each<[string, ReturnType<typeof entry>, PcmFormat | undefined]>([
    ["lpcm of integers", entry("lpcm", linear("00000018", "0000000e")), format("signed", "big", 24)],
    ["lpcm of floats", entry("lpcm", linear("00000020", "00000009")), format("float", "little", 32)],
    ["lpcm without a sign", entry("lpcm", linear("00000008", "00000008")), format("unsigned", "little", 8)],
    ["lpcm that is cut off", entry("lpcm"), undefined],
    ["ipcm", entry("ipcm", pcmC("0118")), format("signed", "little", 24)],
    ["fpcm", entry("fpcm", pcmC("0020")), format("float", "big", 32)],
    ["ipcm without its box", entry("ipcm"), undefined],
    ["ipcm with half a box", entry("ipcm", pcmC("01").subarray(0, 13)), undefined],
    ["another codec", entry("ulaw"), undefined],
    ["an entry that is cut off", { type: "sowt", content: zeros(19) }, undefined],
  ])("%s", (_, sampleEntry, expected) => {
    expect(pcmFormatOf(sampleEntry)).toEqual(expected);
  });
});
