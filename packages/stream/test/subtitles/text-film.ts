import type { ByteRange, Clock } from "@riptide/core";
import { ElementId } from "../../../media/src/matroska/element-ids.ts";
import {
  blockContent,
  blockGroup,
  cues,
  info,
  KEYFRAME,
  matroska,
  SEGMENT_START,
  seekHead,
  simpleBlock,
  strippedOf,
  timedCluster,
  track,
  tracks,
  VIDEO_TRACK,
} from "../../../media/test/matroska/film.ts";
import { bytes, element, u16, u32, zeros } from "../../../media/test/support/build.ts";
import { createContext, KIB, type TestContext } from "../support/context.ts";

/** A Cluster each ten seconds, which begins with a picture of this size: a film that is mostly not there. */
const CLUSTER_SECONDS = 10;
const PICTURE_BYTES = 100 * KIB;

export const ASS_HEADER = `[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, Bold, Italic, Underline, Alignment, Encoding
Style: Default,Arial,20,0,0,0,2,1
`;

/** Subtitle tracks by their index: SRT, ASS, PGS, VobSub, and SRT that is packed in a way that nobody can read. */
const TRACKS = tracks(
  VIDEO_TRACK,
  track(2, 17, "S_TEXT/UTF8"),
  track(3, 17, "S_TEXT/ASS", element(ElementId.codecPrivate, ASS_HEADER)),
  track(4, 17, "S_HDMV/PGS"),
  track(5, 17, "S_VOBSUB"),
  track(6, 17, "S_TEXT/UTF8", strippedOf(zeros(300))),
);

/** The end of a PGS display set, which is a segment without content. */
const PGS_END = bytes(0x80, u16(0));

/** What `.sup` holds of a picture that is shown at `timeSeconds`. */
export function supAt(timeSeconds: number): Uint8Array {
  return bytes("PG", u32(timeSeconds * 90_000), u32(0), PGS_END);
}

export interface TextFilm {
  readonly bytes: Uint8Array;
  /** Where each Cluster lies. */
  readonly clusters: readonly ByteRange[];
}

/**
 * A film of ten seconds for each Cluster. In Cluster k, "early k" is shown from 1 s to 3 s of it, and "late k" from 9 s to 12 s,
 * which is in the next one; so it is in SRT and in ASS, and a picture of PGS comes at 1 s and at 9 s.
 */
export function textFilm({ clusterCount = 6, hasCues = true, attachments = bytes() } = {}): TextFilm {
  const clusters = Array.from({ length: clusterCount }, (_, number) => clusterOf(number));
  const durationTicks = clusterCount * CLUSTER_SECONDS * 1000;
  const headOf = (cuesPosition: number): Uint8Array =>
    bytes(
      seekHead([hasCues ? ElementId.cues : ElementId.tags, cuesPosition]),
      info(durationTicks),
      TRACKS,
      attachments,
    );
  const offsets = offsetsOf(headOf(0).length, clusters);
  const index = cues(
    ...offsets.slice(0, -1).map((offset, number) => [number * CLUSTER_SECONDS * 1000, 1, offset] as const),
  );
  const head = headOf(offsets.at(-1) ?? 0);
  return {
    bytes: matroska(head, ...clusters, ...(hasCues ? [index] : [])),
    clusters: clusters.map(({ length }, number) => {
      const start = SEGMENT_START + (offsets[number] ?? 0);
      return { start, end: start + length };
    }),
  };
}

/** Positions in the Segment of the parts, and of what follows the last of them. */
function offsetsOf(start: number, parts: readonly Uint8Array[]): number[] {
  const offsets = [start];
  for (const { length } of parts) offsets.push((offsets.at(-1) ?? 0) + length);
  return offsets;
}

function clusterOf(number: number): Uint8Array {
  return timedCluster(
    number * CLUSTER_SECONDS * 1000,
    simpleBlock(1, 0, KEYFRAME, zeros(PICTURE_BYTES)),
    ...textAt(1000, 2000, `early ${number}`),
    simpleBlock(1, 5000, KEYFRAME, zeros(PICTURE_BYTES)),
    ...textAt(9000, 3000, `late ${number}`),
  );
}

function textAt(relativeTicks: number, durationTicks: number, text: string): Uint8Array[] {
  return [
    line(2, relativeTicks, durationTicks, text),
    line(3, relativeTicks, durationTicks, `0,0,Default,,0,0,0,,${text}`),
    simpleBlock(4, relativeTicks, KEYFRAME, PGS_END),
  ];
}

/** A block of text that is shown for `durationTicks`. */
export function line(trackNumber: number, relativeTicks: number, durationTicks: number, text: string): Uint8Array {
  const content = blockContent(trackNumber, relativeTicks, KEYFRAME, new TextEncoder().encode(text));
  return blockGroup(content, element(ElementId.blockDuration, u32(durationTicks)));
}

/** A request for a film of which nothing is there yet, in the smallest pieces that headers are read in. */
export function openMissing(film: Uint8Array, clock: Clock, name = "film.mkv"): TestContext {
  return createContext({ bytes: film, clock, name, arrivals: { kind: "manual" }, pieceLengthBytes: 16 * KIB });
}

/** Lets all bytes of the ranges come, and what else is in their pieces. */
export function deliver({ provider }: TestContext, ...ranges: ByteRange[]): void {
  for (const { start, end } of ranges) {
    for (let piece = provider.pieceAt(start); piece <= provider.pieceAt(end - 1); piece += 1) provider.deliver(piece);
  }
}
