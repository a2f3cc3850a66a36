import { openIsobmff, type Packet } from "../../src/index.ts";
import { bytes, u16, zeros } from "../support/build.ts";
import { demoFilm } from "../support/corpus.ts";
import { demux } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";

export const VIDEO_PID = 0x100;
export const AUDIO_PID = 0x101;
const PMT_PID = 0x1000;
const PAYLOAD_BYTES = 184;
const WRAP_TICKS = 2 ** 33;

/** A transport packet before it has its place and its counter. */
interface Part {
  readonly pid: number;
  readonly payload: Uint8Array;
  readonly startsUnit: boolean;
}

export interface PesOptions {
  readonly pid: number;
  readonly ptsTicks?: number | undefined;
  readonly dtsTicks?: number | undefined;
  readonly payload: Uint8Array;
  /** Whether PES_packet_length is told. */
  readonly isLengthTold?: boolean;
  /** Payload of the first transport packet at most. */
  readonly firstBytes?: number;
}

/** A PES packet (ISO/IEC 13818-1 §2.4.3.6) in transport packets. */
export function pes(options: PesOptions): Part[] {
  const { pid, ptsTicks, dtsTicks, payload, isLengthTold = false, firstBytes = PAYLOAD_BYTES } = options;
  const times = [...(ptsTicks === undefined ? [] : [ptsTicks]), ...(dtsTicks === undefined ? [] : [dtsTicks])];
  const flags = [0, 0x80, 0xc0][times.length]!;
  const header = bytes(0x80, flags, 5 * times.length, ...times.map((ticks) => clock(ticks)));
  const length = isLengthTold ? header.length + payload.length : 0;
  const whole = bytes(0, 0, 1, pid === VIDEO_PID ? 0xe0 : 0xc0, u16(length), header, payload);
  const parts: Part[] = [];
  for (let start = 0; start < whole.length; ) {
    const end = start + (start === 0 ? firstBytes : PAYLOAD_BYTES);
    parts.push({ pid, payload: whole.subarray(start, end), startsUnit: start === 0 });
    start = end;
  }
  return parts;
}

function clock(ticks: number): Uint8Array {
  const turned = ((ticks % WRAP_TICKS) + WRAP_TICKS) % WRAP_TICKS;
  const high = Math.floor(turned / 2 ** 30);
  const low = turned % 2 ** 30;
  return bytes(
    0x21 | (high << 1),
    low >> 22,
    0x01 | ((low >> 14) & 0xfe),
    (low >> 7) & 0xff,
    0x01 | ((low << 1) & 0xfe),
  );
}

/** PAT and PMT of one H.264 and one AAC track. */
export function tables(
  streams: readonly [type: number, pid: number][] = [
    [0x1b, VIDEO_PID],
    [0x0f, AUDIO_PID],
  ],
): Part[] {
  const listed = streams.flatMap(([type, pid]) => [bytes(type, u16(0xe000 | pid), u16(0xf000))]);
  return [
    { pid: 0, payload: section(0, bytes(u16(1), u16(0xe000 | PMT_PID))), startsUnit: true },
    { pid: PMT_PID, payload: section(2, bytes(u16(0xe100), u16(0xf000), ...listed)), startsUnit: true },
  ];
}

function section(tableId: number, body: Uint8Array): Uint8Array {
  return bytes(0, tableId, u16(0xb000 | (5 + body.length + 4)), u16(1), 0xc1, 0, 0, body, zeros(4));
}

/** The file: each packet filled up, with the counter of its PID, `stride` 192 with four bytes in front. */
export function transportFile(parts: readonly Part[], stride: 188 | 192 = 188): Uint8Array {
  const counters = new Map<number, number>();
  return bytes(
    ...parts.map(({ pid, payload, startsUnit }) => {
      const counter = counters.get(pid) ?? 0;
      counters.set(pid, (counter + 1) & 15);
      const stuffing = PAYLOAD_BYTES - payload.length;
      const adaptation =
        stuffing === 0 ? bytes() : stuffing === 1 ? bytes(0) : bytes(stuffing - 1, 0, fill(stuffing - 2));
      const control = (stuffing === 0 ? 0x10 : 0x30) | counter;
      return bytes(zeros(stride - 188), 0x47, u16((startsUnit ? 0x4000 : 0) | pid), control, adaptation, payload);
    }),
  );
}

const fill = (length: number): Uint8Array => zeros(length).fill(0xff);

/** The parts of several streams, by turns as many of each as its length says: as broadcasters interleave. */
function interleaved(...streams: (readonly Part[])[]): Part[] {
  const longest = Math.max(...streams.map(({ length }) => length));
  const placed = streams.flatMap((parts) =>
    parts.map((part, index) => ({ part, place: (index * longest) / parts.length })),
  );
  return placed.sort((left, right) => left.place - right.place).map(({ part }) => part);
}

/** The first seconds of the film of the demo, H.264 with B-frames and AAC, as packets of MP4. */
export async function demoPackets(seconds: number) {
  const film = demoFilm("MP4");
  const demuxer = await openIsobmff(new MemorySource(film), never);
  const { packets } = await demux(demuxer, film);
  const of = (kind: string) => {
    const coded = demuxer.tracks.find(({ track }) => track.kind === kind)!;
    const own = packets.filter(
      (packet) => packet.trackNumber === coded.number && packet.ptsTicks < seconds * coded.timescale,
    );
    return { coded, packets: own };
  };
  return { video: of("video"), audio: of("audio") };
}

/** A sample of MP4 as a byte stream, with parameter sets in front of keyframes. */
function annexB({ data, isKeyframe }: Packet, configuration: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [bytes(0, 0, 0, 1, 9, 0xf0)];
  // One SPS and one PPS, as x264 writes them.
  const spsEnd = 8 + ((configuration[6]! << 8) | configuration[7]!);
  const ppsStart = spsEnd + 3;
  const ppsEnd = ppsStart + ((configuration[spsEnd + 1]! << 8) | configuration[spsEnd + 2]!);
  const sets = [configuration.subarray(8, spsEnd), configuration.subarray(ppsStart, ppsEnd)];
  if (isKeyframe) parts.push(...sets.flatMap((set) => [bytes(0, 0, 0, 1), set]));
  for (let at = 0; at < data.length; ) {
    const end = at + 4 + Buffer.from(data.subarray(at, at + 4)).readUInt32BE();
    parts.push(bytes(0, 0, 1), data.subarray(at + 4, end));
    at = end;
  }
  return bytes(...parts);
}

/** A frame of AAC-LC in stereo at 44.1 or 48 kHz with an ADTS header. */
function adts(data: Uint8Array, rateHz: number): Uint8Array {
  const length = data.length + 7;
  const rateIndex = rateHz === 48_000 ? 3 : 4;
  return bytes(
    0xff,
    0xf1,
    0x40 | (rateIndex << 2),
    0x80 | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f,
    0xfc,
    data,
  );
}

/**
 * The film of the demo as broadcasters send it: sound lies between the pictures, packet by packet, frames of sound go on from
 * one PES packet into the next, and pictures are cut in two now and then.
 */
export async function broadcastFilm(
  seconds: number,
  { originTicks = 126_000, stride = 188 }: { originTicks?: number; stride?: 188 | 192 } = {},
) {
  const { video, audio } = await demoPackets(seconds);
  const toClock = (ticks: number, timescale: number): number => Math.round((ticks * 90_000) / timescale) + originTicks;
  const pictures = video.packets.flatMap((packet, index) => {
    const payload = annexB(packet, video.coded.configuration);
    const times = {
      ptsTicks: toClock(packet.ptsTicks, video.coded.timescale),
      dtsTicks: toClock(packet.dtsTicks!, video.coded.timescale),
    };
    const half = index % 3 === 0 ? Math.floor(payload.length / 2) : payload.length;
    const rest = payload.subarray(half);
    return [
      ...pes({
        pid: VIDEO_PID,
        ...times,
        payload: payload.subarray(0, half),
        isLengthTold: index % 2 === 0 && half < 60_000,
      }),
      ...(rest.length > 0 ? pes({ pid: VIDEO_PID, payload: rest }) : []),
    ];
  });
  return {
    video,
    audio,
    file: transportFile([...tables(), ...interleaved(pictures, soundParts(audio, toClock))], stride),
  };
}

/** Seven frames' worth of bytes in each PES packet, wherever frames end. */
function soundParts(
  { coded, packets }: Awaited<ReturnType<typeof demoPackets>>["audio"],
  toClock: (ticks: number, timescale: number) => number,
): Part[] {
  const frames = packets.map(({ data }) => adts(data, coded.timescale));
  const starts: number[] = [];
  let length = 0;
  for (const frame of frames) {
    starts.push(length);
    length += frame.length;
  }
  const stream = bytes(...frames);
  const parts: Part[] = [];
  for (let start = 0; start < stream.length; start += PES_PAYLOAD_BYTES) {
    const first = starts.findIndex((offset) => offset >= start);
    const isTimed = first >= 0 && starts[first]! < start + PES_PAYLOAD_BYTES;
    const ptsTicks = isTimed ? toClock(packets[first]!.ptsTicks, coded.timescale) : undefined;
    const payload = stream.subarray(start, start + PES_PAYLOAD_BYTES);
    parts.push(...pes({ pid: AUDIO_PID, ptsTicks, payload, isLengthTold: true }));
  }
  return parts;
}

const PES_PAYLOAD_BYTES = 2000;
