import { describe, expect, test } from "vitest";
import { framesOf, probedTracks } from "../../media/test/support/ffmpeg.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, get, readAll, virtualClock } from "./support/context.ts";
import { H264, makeFilm } from "./support/films.ts";

const clock = virtualClock();

async function remuxed(bytes: Uint8Array, query = ""): Promise<Uint8Array> {
  const { context } = createContext({ bytes, clock });
  const factory = createStreamFactory({ ffmpeg: undefined, clock });
  return readAll(await factory.remux.produce(get({}, `/remux.mp4${query}`), context));
}

const X264 = "-c:v libx264 -preset veryfast -x264-params open-gop=1:keyint=24:min-keyint=24:bframes=3:scenecut=0";
const X265 =
  "-c:v libx265 -preset ultrafast -x265-params log-level=error:open-gop=1:keyint=24:min-keyint=24:bframes=3:scenecut=0";

describe("A film with open groups of pictures", () => {
  test.each([
    ["H.264 in Matroska", "mkv", X264],
    ["HEVC in Matroska", "mkv", X265],
    ["HEVC in MP4", "mp4", X265],
  ])("of %s shows nothing wrong where it is entered, and its times are right", async (_, extension, encoding) => {
    const film = await makeFilm(extension, `${encoding} -pix_fmt yuv420p -c:a aac`);
    const entered = await remuxed(film, "?t=2.2");
    await expectRightPictures(entered, film, 2.1);
    const [video] = await probedTracks(entered);
    const dts = video!.packets.map((packet) => packet.dts);
    expect(dts).toEqual([...new Set(dts)].sort((a, b) => a - b));
    expect(video!.packets.every((packet) => packet.pts >= packet.dts)).toBe(true);
  });
});

describe("A film whose flags say that every picture is a keyframe", () => {
  test("is the same as one whose flags are right", async () => {
    const film = await makeFilm("mkv", `${H264} -c:a aac`);
    const lying = withAllFlags(film);
    expect(Buffer.compare(lying, film)).not.toBe(0);
    expect(Buffer.compare(await remuxed(lying), await remuxed(film))).toBe(0);
  });

  test("shows nothing wrong where it is entered in the middle of a group", async () => {
    const film = await makeFilm("mkv", `${H264} -c:a aac -live 1 -cluster_time_limit 500`);
    const entered = await remuxed(withAllFlags(film), "?t=1");
    await expectRightPictures(entered, film, 2.1);
  });
});

/** All pictures are those that the whole film has at their times, from some time before `startSeconds` on to the end. */
async function expectRightPictures(entered: Uint8Array, film: Uint8Array, startSeconds: number): Promise<void> {
  const [shown, expected] = await Promise.all([framesOf(entered), framesOf(film)]);
  const times = [...shown.keys()];
  expect(times[0]! / 1000).toBeGreaterThan(0.5);
  expect(times[0]! / 1000).toBeLessThan(startSeconds);
  expect(times.at(-1)).toBe([...expected.keys()].at(-1));
  for (const [milliseconds, md5] of shown)
    expect([milliseconds, md5]).toEqual([milliseconds, expected.get(milliseconds)]);
}

const CLUSTER = 0x1f43b675;
const SIMPLE_BLOCK = 0xa3;

/** Sets the flag of every SimpleBlock of track 1 (RFC 9559 §10.2). */
function withAllFlags(film: Uint8Array): Uint8Array {
  const lying = Uint8Array.from(film);
  let position = Buffer.from(film).indexOf(Uint8Array.of(0x1f, 0x43, 0xb6, 0x75));
  while (position < film.length) {
    const id = number(film, position, false);
    const size = number(film, id.end, true);
    if (id.value === SIMPLE_BLOCK && film[size.end] === 0x81) lying[size.end + 3]! |= 0x80;
    // What is in a cluster is looked at, and all else stepped over.
    position = id.value === CLUSTER ? size.end : size.end + size.value;
  }
  return lying;
}

/** A variable-length number (RFC 8794 §4), with or without its marker. */
function number(bytes: Uint8Array, start: number, isSize: boolean): { value: number; end: number } {
  const first = bytes[start]!;
  const lengthBytes = Math.clz32(first) - 23;
  let value = isSize ? first & (0xff >> lengthBytes) : first;
  for (const byte of bytes.subarray(start + 1, start + lengthBytes)) value = value * 256 + byte;
  return { value, end: start + lengthBytes };
}
