import { describe, expect, it, test } from "vitest";
import type { KeyIndexEntry, WalkedPlace } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, element, u32, unknownSizeElement, zeros } from "../support/build.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { never } from "../support/memory-source.ts";
import { MemoryStream } from "../support/memory-stream.ts";
import { open } from "../support/packets.ts";
import {
  AUDIO_TRACK,
  blockContent,
  blockGroup,
  EBML_HEADER,
  info,
  KEYFRAME,
  matroska,
  simpleBlock,
  timedCluster,
  track,
  tracks,
} from "./film.ts";

/** 25 pictures a second, and sound of which nobody knows how long a packet lasts. */
const VIDEO = track(1, 1, "V_VP8", element(ElementId.defaultDuration, u32(40_000_000)));
const TRACKS = tracks(VIDEO, AUDIO_TRACK);

async function placesOf(file: Uint8Array, from?: KeyIndexEntry, pieceBytes?: () => number): Promise<WalkedPlace[]> {
  const demuxer = await open(file);
  const places: WalkedPlace[] = [];
  const walk = demuxer.walkPlaces(from, ([range]) => new MemoryStream(file, range!, pieceBytes));
  for await (const place of walk) places.push(place);
  return places;
}

/** As `keyframe@4`. */
const wordsOf = (places: readonly WalkedPlace[]): string[] =>
  places.map(({ kind, timeSeconds }) => `${kind}@${timeSeconds}`);
const picture = (ticks: number, flags = 0) => simpleBlock(1, ticks, flags, 1, 2, 3);
const openCluster = (ticks: number, ...content: Uint8Array[]) =>
  bytes(unknownSizeElement(ElementId.cluster), element(ElementId.timestamp, u32(ticks)), ...content);
const sound = (ticks: number) => simpleBlock(2, ticks, 0, 4);

describe("The places of a film", () => {
  test.each(["MKV", "WebM"] as const)("are those of its Cues, where it has some (%s)", async (container) => {
    const file = demoFilm(container);
    const demuxer = await open(file);
    const places = await placesOf(file);
    const keyframes = places.filter(({ kind }) => kind === "keyframe");
    expect(keyframes.map(({ timeSeconds, offsetBytes }) => ({ timeSeconds, offsetBytes }))).toEqual(
      await demuxer.keyIndex(never),
    );
    expect(places.at(-1)?.kind).toBe("end");
    expect(places.at(-1)?.timeSeconds).toBeCloseTo(demuxer.durationSeconds!, 1);
  });

  test("are told by the first picture of each Cluster, and where nothing is shown before what lies in front", async () => {
    const file = matroska(
      info(0),
      TRACKS,
      timedCluster(0, sound(0), picture(0, KEYFRAME), picture(80), picture(40)),
      timedCluster(100, sound(0), picture(20), picture(60)),
      timedCluster(200, picture(40), picture(0)),
      timedCluster(300, picture(-80), picture(20)),
      timedCluster(400, picture(0), picture(40, KEYFRAME)),
      timedCluster(500, sound(0)),
      timedCluster(600),
      timedCluster(700, blockGroup(blockContent(1, 0, 0, 9))),
      timedCluster(800, sound(60), picture(0)),
    );
    expect(wordsOf(await placesOf(file))).toEqual([
      "keyframe@0",
      "clean@0.12",
      "clean@0.2",
      "passed@0.22",
      "clean@0.4",
      "clean@0.5",
      "keyframe@0.7",
      "clean@0.8",
      "end@0.86",
    ]);
  });

  test("of a film of sound are all its Clusters, and of one without either none", async () => {
    const clusters = [timedCluster(0, sound(0)), timedCluster(1000, sound(5))];
    expect(wordsOf(await placesOf(matroska(info(0), tracks(AUDIO_TRACK), ...clusters)))).toEqual([
      "keyframe@0",
      "keyframe@1.005",
      "end@1.005",
    ]);
    const text = tracks(track(3, 17, "S_TEXT/UTF8"));
    expect(wordsOf(await placesOf(matroska(info(0), text, ...clusters)))).toEqual(["end@0"]);
    expect(wordsOf(await placesOf(matroska(info(0), TRACKS)))).toEqual(["end@0"]);
  });

  test("do not need a Cluster to say how long it is, and are told as soon as their keyframe is there", async () => {
    const file = bytes(
      EBML_HEADER,
      unknownSizeElement(ElementId.segment),
      TRACKS,
      openCluster(0, picture(0, KEYFRAME), picture(40)),
      openCluster(4000, sound(0), picture(0, KEYFRAME)),
    );
    const demuxer = await open(file);
    const rest = element(ElementId.void, zeros(500));
    const stream = new MemoryStream(bytes(file, rest), { start: demuxer.headEndBytes, end: file.length });
    const walk = demuxer.walkPlaces(undefined, () => ({
      offsetBytes: demuxer.headEndBytes,
      next: async (lengthBytes) => (await stream.next(lengthBytes)) ?? new Promise(() => undefined),
      skip: (lengthBytes) => stream.skip(lengthBytes),
    }));
    expect([(await walk.next()).value, (await walk.next()).value]).toMatchObject([
      { kind: "keyframe", timeSeconds: 0, offsetBytes: demuxer.headEndBytes },
      { kind: "keyframe", timeSeconds: 4 },
    ]);
  });

  it.each([
    { name: "the demo", file: demoFilm("MKV") },
    { name: "a film with laced sound", file: corpusFile("mkv/sample_with_pgs_subtitles.mkv") },
  ])("are the same in $name wherever one goes on, and however its bytes come", async ({ file }) => {
    const places = await placesOf(file);
    expect(await placesOf(file, undefined, () => 1000)).toEqual(places);
    for (const [number, place] of places.entries()) {
      if (place.kind === "passed" || place.kind === "end") continue;
      expect(await placesOf(file, place)).toEqual(places.slice(number));
    }
    expect(await placesOf(file, { timeSeconds: 9, offsetBytes: file.length })).toMatchObject([{ kind: "end" }]);
  });
});
