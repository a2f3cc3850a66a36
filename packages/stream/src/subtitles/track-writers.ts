import {
  assDocument,
  assEventLine,
  type CodedTrack,
  concatenate,
  cueFromPacket,
  type Packet,
  type SubtitleCodec,
  supSegments,
  webVttDocument,
} from "@riptide/media";
import { TEXT_CODECS } from "../chosen-tracks.ts";
import type { TrackForm } from "./resources.ts";

/** Writes a track of subtitles in one form, a piece after the other. */
interface TrackWriter {
  /** What stands in front of all. */
  readonly head: Uint8Array;
  /** Keeps what it needs of a packet, and none of its memory. */
  push(packet: Packet): void;
  /** What has been pushed since this was last called; perhaps nothing. */
  take(): Uint8Array;
}

interface TrackFormat {
  readonly mediaType: string;
  readonly codecs: ReadonlySet<SubtitleCodec>;
  readonly open: (coded: CodedTrack) => TrackWriter;
}

export const TRACK_FORMATS: Readonly<Record<TrackForm, TrackFormat>> = {
  vtt: {
    mediaType: "text/vtt; charset=utf-8",
    codecs: TEXT_CODECS,
    open: (coded) =>
      writer(
        encoded(WEBVTT_HEAD),
        (packet) => cueFromPacket(coded, packet),
        (cues) => encoded(webVttDocument(cues).slice(WEBVTT_HEAD.length)),
      ),
  },
  ass: {
    mediaType: "text/x-ssa; charset=utf-8",
    codecs: new Set(["ass"]),
    open: (coded) =>
      writer(
        encoded(assDocument(coded.configuration, [])),
        (packet) => assEventLine(packet, coded),
        (lines) => encoded(lines.map((line) => `${line}\n`).join("")),
      ),
  },
  sup: {
    mediaType: "application/octet-stream",
    codecs: new Set(["pgs"]),
    open: (coded) => writer(new Uint8Array(0), (packet) => supSegments(coded, packet), concatenate),
  },
};

const WEBVTT_HEAD = webVttDocument([]);

function writer<Item>(
  head: Uint8Array,
  itemOf: (packet: Packet) => Item | undefined,
  write: (items: readonly Item[]) => Uint8Array,
): TrackWriter {
  let items: Item[] = [];
  return {
    head,
    push(packet) {
      const item = itemOf(packet);
      if (item !== undefined) items.push(item);
    },
    take() {
      const written = write(items);
      items = [];
      return written;
    },
  };
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
