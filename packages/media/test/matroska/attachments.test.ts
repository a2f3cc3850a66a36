import { array, assert, asyncProperty, nat, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { unlessDamaged } from "../../src/damaged.ts";
import { type Attachment, readAttachments } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, claimingElement, element, unknownSizeElement, zeros } from "../support/build.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { cluster, EBML_HEADER, matroska, seekHead, tracks, VIDEO_TRACK } from "./film.ts";

const KIB = 1024;

const text = (id: number, value: string) => element(id, new TextEncoder().encode(value));
const name = (value: string) => text(ElementId.fileName, value);
const mediaType = (value: string) => text(ElementId.fileMediaType, value);
const data = (lengthBytes: number) => element(ElementId.fileData, zeros(lengthBytes).fill(7));
const file = (...fields: Uint8Array[]) => element(ElementId.attachedFile, ...fields);
const font = (lengthBytes: number, title = "a.ttf") =>
  file(name(title), mediaType("application/x-truetype-font"), data(lengthBytes));
const list = (...files: Uint8Array[]) => element(ElementId.attachments, ...files);

const read = (film: Uint8Array): Promise<readonly Attachment[]> => readAttachments(new MemorySource(film), never);

async function readFirst(...fields: Uint8Array[]): Promise<Attachment | undefined> {
  return (await read(matroska(tracks(VIDEO_TRACK), list(file(...fields)), cluster())))[0];
}

describe("the attachments of a Matroska file", () => {
  it("are told without their data", async () => {
    const film = matroska(tracks(VIDEO_TRACK), list(font(3_000_000), font(2_000_000, "b.ttf")), cluster());
    const source = new MemorySource(film);
    const attachments = await readAttachments(source, never);
    expect(attachments).toEqual([
      { index: 0, name: "a.ttf", mediaType: "font/ttf", lengthBytes: 3_000_000, offsetBytes: expect.any(Number) },
      { index: 1, name: "b.ttf", mediaType: "font/ttf", lengthBytes: 2_000_000, offsetBytes: expect.any(Number) },
    ]);
    for (const { offsetBytes, lengthBytes } of attachments) {
      expect(film.subarray(offsetBytes, offsetBytes + lengthBytes).every((byte) => byte === 7)).toBe(true);
      expect([film[offsetBytes - 1], film[offsetBytes + lengthBytes]]).not.toContain(7);
    }
    expect(source.touchedBytes).toBeLessThanOrEqual(5 * 16 * KIB);
  });

  it("are found behind the media by the SeekHead, in any order of their fields", async () => {
    const [head, media] = [seekHead([ElementId.attachments, 0]).length, bytes(tracks(VIDEO_TRACK), cluster(50_000))];
    const seek = seekHead([ElementId.attachments, head + media.length]);
    const last = list(file(data(40_000), mediaType("image/png"), element(ElementId.void, zeros(3)), name("cover.png")));
    expect(await read(matroska(seek, media, last))).toMatchObject([
      { index: 0, name: "cover.png", mediaType: "image/png", lengthBytes: 40_000 },
    ]);
  });

  it("are none where there are none", async () => {
    expect(await read(matroska(tracks(VIDEO_TRACK), cluster()))).toEqual([]);
    expect(await read(matroska(tracks(VIDEO_TRACK), list(), cluster()))).toEqual([]);
    const seek = seekHead([ElementId.attachments, 4]);
    expect(await read(matroska(seek, tracks(VIDEO_TRACK), cluster()))).toEqual([]);
  });

  it.each([
    ["../../etc/passwd", "passwd"],
    ["C:\\Windows\\Fonts\\arial.ttf", "arial.ttf"],
    ["evil\u202efdp.ttf\0hidden", "evilfdp.ttf"],
    ["line\r\nbreak", "linebreak"],
    ["fonts/", ""],
    ["🙂".repeat(300), "🙂".repeat(200)],
  ])("of the name %j are called %j", async (given, expected) => {
    expect((await readFirst(name(given), data(1)))?.name).toBe(expected);
  });

  it.each([
    ["application/vnd.ms-opentype", "font/otf"],
    ["Application/X-TrueType-Font", "font/ttf"],
    ["font/collection", "font/collection"],
    ["image/jpeg", "image/jpeg"],
    ["text/html; charset=utf-8", "application/octet-stream"],
    ["font/../ttf", "application/octet-stream"],
    ["", "application/octet-stream"],
  ])("of the type %j are %j", async (given, expected) => {
    expect((await readFirst(mediaType(given), data(1)))?.mediaType).toBe(expected);
  });

  it("that say nothing of themselves have no name and a type of no meaning", async () => {
    expect(await readFirst(name("n".repeat(5000)), data(9))).toMatchObject({
      name: "",
      mediaType: "application/octet-stream",
      lengthBytes: 9,
    });
  });

  it("without data are left out, and so is what is cut off", async () => {
    const film = matroska(tracks(VIDEO_TRACK), list(file(name("a")), font(10), file(name("b"), data(500))));
    expect(await read(film)).toMatchObject([{ index: 0, lengthBytes: 10 }, { index: 1 }]);
    expect(await read(film.subarray(0, -1))).toMatchObject([{ index: 0, lengthBytes: 10 }]);
  });

  it("end at what is no element or has no size", async () => {
    const start = bytes(EBML_HEADER, unknownSizeElement(ElementId.segment), tracks(VIDEO_TRACK));
    const content = bytes(font(10), claimingElement(ElementId.attachedFile, 2 ** 50), font(10));
    for (const head of [unknownSizeElement(ElementId.attachments), claimingElement(ElementId.attachments, 2 ** 52)]) {
      expect(await read(bytes(start, head, content))).toMatchObject([{ lengthBytes: 10 }]);
    }
    expect(await read(matroska(tracks(VIDEO_TRACK), list(font(10), zeros(20), font(10))))).toHaveLength(1);
  });

  it("are no more than 500, with no more than 16 fields each", async () => {
    expect(await read(matroska(tracks(VIDEO_TRACK), list(...Array.from({ length: 600 }, () => font(1)))))).toHaveLength(
      500,
    );
    const padding = Array.from({ length: 16 }, () => element(ElementId.void));
    expect(await read(matroska(tracks(VIDEO_TRACK), list(file(...padding, data(1)))))).toEqual([]);
  });

  it("lie within the file, whatever is damaged", async () => {
    const film = matroska(tracks(VIDEO_TRACK), list(font(50), font(60)), cluster());
    const damage = array(tuple(nat(film.length - 1), nat(255)), { minLength: 1, maxLength: 8 });
    await assert(
      asyncProperty(damage, async (changes) => {
        const damaged = Uint8Array.from(film);
        for (const [position, value] of changes) damaged[position] = value;
        const found = await unlessDamaged(() => read(damaged));
        for (const { offsetBytes, lengthBytes } of found ?? []) {
          expect(offsetBytes + lengthBytes).toBeLessThanOrEqual(damaged.length);
        }
      }),
    );
  });
});
