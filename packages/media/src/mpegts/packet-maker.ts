import { lengthPrefixed } from "../codecs/annex-b.ts";
import { isSame } from "../codecs/parameter-sets.ts";
import type { Packet } from "../packet.ts";
import { CLOCK_HZ, ticksSince } from "./clock.ts";
import { isKeyPicture, isLeftOut, isNalCodec, isParameterSet, nalPicture } from "./pictures.ts";
import { type CutFrame, SoundCutter } from "./sound-cutter.ts";
import { soundFrameParser } from "./sound-frames.ts";
import type { TransportTrack } from "./transport-track.ts";
import type { PesUnit } from "./unit-assembler.ts";

/** Makes packets of the PES packets of one track, in order. Times count from `originTicks`. */
export interface PacketMaker {
  packetsOf(unit: PesUnit): Packet[];
  /** Whether something began of which the end is in the next PES packet. */
  readonly hasRest: boolean;
  /** What the next PES packet completes, and nothing that begins in it. */
  complete(unit: PesUnit): Packet[];
}

export function packetMaker(track: TransportTrack, originTicks: number): PacketMaker {
  const { coded, streamType } = track;
  if (coded.track.kind === "video") return new PictureMaker(track, originTicks);
  const parser = coded.track.kind === "audio" ? soundFrameParser(coded.track.codec, streamType) : undefined;
  return parser === undefined ? new UnitMaker(track, originTicks) : new SoundMaker(track, originTicks, parser);
}

class PictureMaker implements PacketMaker {
  readonly hasRest = false;
  readonly #track: TransportTrack;
  readonly #originTicks: number;
  #previousTicks: number | undefined;
  #spacingTicks: number | undefined;

  constructor(track: TransportTrack, originTicks: number) {
    this.#track = track;
    this.#originTicks = originTicks;
  }

  packetsOf(unit: PesUnit): Packet[] {
    const sample = this.#sampleOf(unit);
    const times = this.#timesOf(unit);
    if (sample === undefined || times === undefined) return [];
    return [{ trackNumber: unit.pid, ...times, durationTicks: undefined, ...sample }];
  }

  complete(): Packet[] {
    return [];
  }

  /** A picture without a time is decoded, and taken to be shown, as much later than the one before as that was. */
  #timesOf({ ptsTicks, dtsTicks }: PesUnit): Pick<Packet, "ptsTicks" | "dtsTicks"> | undefined {
    const previousTicks = this.#previousTicks;
    if (ptsTicks === undefined || dtsTicks === undefined) {
      if (previousTicks === undefined || this.#spacingTicks === undefined) return undefined;
      this.#previousTicks = previousTicks + this.#spacingTicks;
      return { ptsTicks: this.#previousTicks, dtsTicks: this.#previousTicks };
    }
    const decodedTicks = ticksSince(this.#originTicks, dtsTicks);
    if (previousTicks !== undefined) this.#spacingTicks = Math.max(0, decodedTicks - previousTicks);
    this.#previousTicks = decodedTicks;
    return { ptsTicks: ticksSince(this.#originTicks, ptsTicks), dtsTicks: decodedTicks };
  }

  #sampleOf({ data, isRandomAccess }: PesUnit): Pick<Packet, "data" | "isKeyframe"> | undefined {
    const { coded, parameterSets } = this.#track;
    const codec = coded.track.kind === "video" ? coded.track.codec : "unknown";
    if (!isNalCodec(codec)) return { data, isKeyframe: isKeyPicture(codec, data) ?? isRandomAccess };
    const picture = nalPicture(codec, data);
    if (picture === undefined) return undefined;
    // Sets that the configuration does not hold stay: a film may change its size on the way.
    const isKnownSet = (nalUnit: Uint8Array): boolean =>
      isParameterSet(codec, nalUnit) && parameterSets.some((set) => isSame(set, nalUnit));
    const kept = picture.nalUnits.filter((nalUnit) => !isLeftOut(codec, nalUnit) && !isKnownSet(nalUnit));
    return { data: lengthPrefixed(kept), isKeyframe: picture.isKeyframe };
  }
}

class SoundMaker implements PacketMaker {
  readonly #track: TransportTrack;
  readonly #originTicks: number;
  readonly #cutter: SoundCutter;

  constructor(track: TransportTrack, originTicks: number, parser: ConstructorParameters<typeof SoundCutter>[0]) {
    this.#track = track;
    this.#originTicks = originTicks;
    this.#cutter = new SoundCutter(parser);
  }

  get hasRest(): boolean {
    return this.#cutter.hasRest;
  }

  packetsOf(unit: PesUnit): Packet[] {
    return this.#cutter.push(unit).map((frame) => this.#packetOf(frame));
  }

  complete(unit: PesUnit): Packet[] {
    return this.#cutter.complete(unit).map((frame) => this.#packetOf(frame));
  }

  #packetOf({ frame, ptsTicks, data }: CutFrame): Packet {
    const { timescale, number } = this.#track.coded;
    const wholeTicks = Math.floor(ptsTicks);
    const sinceTicks = ticksSince(this.#originTicks, wholeTicks) + ptsTicks - wholeTicks;
    return {
      trackNumber: number,
      ptsTicks: Math.round((sinceTicks * timescale) / CLOCK_HZ),
      dtsTicks: undefined,
      durationTicks: Math.round((frame.samples * timescale) / frame.sampleRateHz),
      isKeyframe: true,
      data,
    };
  }
}

/** Of what we do not look into, a PES packet is a packet. */
class UnitMaker implements PacketMaker {
  readonly hasRest = false;
  readonly #track: TransportTrack;
  readonly #originTicks: number;

  constructor(track: TransportTrack, originTicks: number) {
    this.#track = track;
    this.#originTicks = originTicks;
  }

  packetsOf({ ptsTicks, data }: PesUnit): Packet[] {
    if (ptsTicks === undefined || data.length === 0) return [];
    const { timescale, number } = this.#track.coded;
    const ticks = Math.round((ticksSince(this.#originTicks, ptsTicks) * timescale) / CLOCK_HZ);
    return [
      { trackNumber: number, ptsTicks: ticks, dtsTicks: undefined, durationTicks: undefined, isKeyframe: true, data },
    ];
  }

  complete(): Packet[] {
    return [];
  }
}
