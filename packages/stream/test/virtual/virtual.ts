import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteRange } from "@riptide/core";
import { probePackets } from "../../../media/test/support/ffprobe.ts";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { createStreamFactory, type StreamFactory } from "../../src/index.ts";
import { createContext, get, readAll, type TestContext } from "../support/context.ts";

export const factory = (): StreamFactory => createStreamFactory({ ffmpeg: undefined, clock: realClock });

/** A film that is there already. */
export const complete = (bytes: Uint8Array): TestContext => createContext({ bytes, clock: realClock });

/** Answers a request for the virtual file of a film that is there already, by a server that never saw it before. */
export function virtual(bytes: Uint8Array, request: Request = get()): Promise<Response> {
  return factory().virtual.produce(request, complete(bytes).context);
}

/** The bytes `[start, end)`, of a response that must be one of just these. */
export async function bytesOf(
  streams: StreamFactory,
  bytes: Uint8Array,
  { start, end }: ByteRange,
): Promise<Uint8Array> {
  const response = await streams.virtual.produce(get({ range: `bytes=${start}-${end - 1}` }), complete(bytes).context);
  if (response.status !== 206) throw new Error(`The answer is a ${response.status}`);
  return readAll(response);
}

export function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "no error",
    (error) => error.code,
  );
}

export interface FilmPacket {
  readonly ptsSeconds: number;
  readonly hash: string;
}

/** The packets of each track, in the order of the file. */
export async function packetsByTrack(bytes: Uint8Array): Promise<FilmPacket[][]> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-virtual-"));
  try {
    const path = join(folder, "film");
    await writeFile(path, bytes);
    const tracks: FilmPacket[][] = [];
    for (const { stream_index: track, pts_time: pts, data_hash: hash } of await probePackets(path)) {
      (tracks[track] ??= []).push({ ptsSeconds: Number(pts), hash });
    }
    return tracks;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
