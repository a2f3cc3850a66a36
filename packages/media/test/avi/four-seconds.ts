import { type Demuxer, openAvi, type Packet } from "../../src/index.ts";
import { bytes } from "../support/build.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import {
  aviFilm,
  BYTES_OF_MP3,
  type FilmOptions,
  FRAMES_OF_MP3,
  mp3Frame,
  PCM,
  PICTURES,
  picture,
  soundChunk,
  type TestChunk,
} from "./film.ts";

/** Films of four seconds, and what their packets are compared by. */

export const open = (file: Uint8Array): Promise<Demuxer> => openAvi(new MemorySource(file), never);

export const COUNT = 100;
export const pictures: TestChunk[] = Array.from({ length: COUNT }, (_, number) => picture(number));
export const FRAMES = Array.from({ length: 167 }, (_, number) => mp3Frame(number));
export const MP3 = bytes(...FRAMES);

/** Four seconds: chunks of sound of `chunkBytes`, `leadPictures` in front of the picture that they belong to. */
export function interleaved(
  data: Uint8Array,
  chunkBytes: number,
  bytesPerPicture: number,
  leadPictures = 0,
): TestChunk[] {
  const chunks: TestChunk[] = [];
  let given = 0;
  for (const [number, item] of pictures.entries()) {
    const wantedBytes = Math.min(data.length, (number + 1 + leadPictures) * bytesPerPicture);
    while (given < wantedBytes) {
      chunks.push(soundChunk(data.subarray(given, given + chunkBytes)));
      given += chunkBytes;
    }
    chunks.push(item);
  }
  for (; given < data.length; given += chunkBytes) chunks.push(soundChunk(data.subarray(given, given + chunkBytes)));
  return chunks;
}

export const filmOfBytes = (options: FilmOptions = {}, chunkBytes = 640, lead = 0): Uint8Array =>
  aviFilm([PICTURES, BYTES_OF_MP3], interleaved(MP3, chunkBytes, 640, lead), options);
export const filmOfFrames = (options: FilmOptions = {}): Uint8Array =>
  aviFilm([PICTURES, FRAMES_OF_MP3], interleaved(MP3, 384, 640), options);
export const pcmData = new Uint8Array(4 * 192_000).map((_, place) => (place * 13 + (place >> 8)) & 0xff);
export const filmOfPcm = (chunkBytes: number): Uint8Array =>
  aviFilm([PICTURES, PCM], interleaved(pcmData, chunkBytes, 7680));

export const ofTrack = (packets: readonly Packet[], number: number) =>
  packets.filter(({ trackNumber }) => trackNumber === number);
export const timesOf = (packets: readonly Packet[]) => packets.map(({ ptsTicks, dtsTicks }) => [ptsTicks, dtsTicks]);
export const dataOf = (packets: readonly Packet[]) => packets.map(({ data }) => Buffer.from(data).toString("base64"));
export const base64 = (parts: readonly Uint8Array[]) => parts.map((data) => Buffer.from(data).toString("base64"));
export const asText = ({ data, ...packet }: Packet): string =>
  `${JSON.stringify(packet)} ${Buffer.from(data).toString("base64")}`;
