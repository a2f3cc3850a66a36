import { MediaError } from "@riptide/core";
import { probeAsf } from "./asf/probe.ts";
import { probeAvi } from "./avi/probe.ts";
import { probeFlv } from "./flv/probe.ts";
import { probeIsobmff } from "./isobmff/probe.ts";
import { probeMatroska } from "./matroska/probe.ts";
import type { Container, MediaInfo } from "./media-info.ts";
import { probeMpegts } from "./mpegts/probe.ts";
import { probeOgg } from "./ogg/probe.ts";
import type { Probe } from "./probe-result.ts";
import { type ByteSource, MediaReader } from "./reader.ts";
import { SNIFF_LENGTH_BYTES, sniffContainer } from "./sniff.ts";
import { positive } from "./track-list.ts";

/**
 * Reads what a file is and holds, from its headers alone.
 *
 * Rejects with `MediaError` `not_media` if the content is no container we know, with `damaged_media` if its headers do
 * not keep their promises, with the signal's reason once that is aborted, and with whatever `source.readAt` rejects with.
 */
export async function readMediaInfo(source: ByteSource, options: { readonly signal: AbortSignal }): Promise<MediaInfo> {
  const reader = new MediaReader(source, options);
  const tail = new AbortController();
  try {
    const head = reader.bytes(0, SNIFF_LENGTH_BYTES);
    // Nobody knows yet whether the end will be needed; if so, waiting for the head first would cost a round trip more.
    void reader.prefetchTail(tail.signal);
    const container = sniffContainer(await head);
    if (container === undefined) {
      throw new MediaError("not_media", "This file is no video or audio that Riptide knows. Choose another file.");
    }
    // Only MP4 may keep its headers at the end. The index of a Matroska or AVI file is read in a step of its own.
    if (container !== "mp4") tail.abort();
    const result = await PROBES[container](reader);
    return { container, ...result, durationSeconds: positive(result.durationSeconds) };
  } finally {
    tail.abort();
  }
}

const PROBES: Readonly<Record<Container, Probe>> = {
  matroska: probeMatroska,
  webm: probeMatroska,
  mp4: probeIsobmff,
  avi: probeAvi,
  mpegts: probeMpegts,
  flv: probeFlv,
  asf: probeAsf,
  ogg: probeOgg,
};
