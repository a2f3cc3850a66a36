import { aacParameters } from "../codecs/aac.ts";
import { dynamicRangeOf } from "../codecs/colour.ts";
import { avcRecordOf, hevcRecordOf } from "../codecs/parameter-sets.ts";
import { pictureFormatOf } from "../codecs/picture-format.ts";
import { avcCodecString, hevcCodecString } from "../codecs/video-codec-string.ts";
import type { AudioTrack, VideoTrack } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";
import { audioTrack, numberTracks, type TrackDraft, videoTrack } from "../track-list.ts";
import { CLOCK_HZ } from "./clock.ts";
import { isKeyPicture, isNalCodec, isParameterSet, type NalCodec, nalPicture } from "./pictures.ts";
import { SoundCutter } from "./sound-cutter.ts";
import { soundFrameParser } from "./sound-frames.ts";
import type { ProgramTrack } from "./streams.ts";
import type { PesUnit } from "./unit-assembler.ts";

/** A track of a transport stream, as its packets describe it too. Its number is its PID. */
export interface TransportTrack {
  readonly streamType: number;
  readonly coded: CodedTrack;
  /** The parameter sets that the configuration holds. */
  readonly parameterSets: readonly Uint8Array[];
  /** Whether there is a picture, by itself and not by what the container says of it, that decoding can start with. */
  readonly hasKeyframes: boolean;
}

/** What the first PES packets of a track tell of it. */
export interface TrackDescription {
  readonly draft: TrackDraft;
  readonly configuration: Uint8Array;
  readonly parameterSets: readonly Uint8Array[];
  readonly hasKeyframes: boolean;
  readonly timescale: number;
  readonly packetTicks: number | undefined;
  /** When what can be decoded begins, as PTS counts. */
  readonly ptsTicks: number;
}

/**
 * What a PES packet tells of its track; undefined if it does not tell all that there is to tell: a picture that decoding cannot
 * start with, for instance.
 */
export function describeTrack(track: ProgramTrack, unit: PesUnit): TrackDescription | undefined {
  const { draft, streamType, guesses } = track;
  if (draft.kind === "video") return describePicture(draft, unit);
  if (draft.kind === "audio" && guesses !== undefined) return describeGuess(draft, streamType, guesses, unit);
  if (draft.kind === "audio") return describeSound(draft, streamType, unit);
  return unit.ptsTicks === undefined ? undefined : undescribed(draft, unit.ptsTicks);
}

/** The tracks of a film, those that nothing describes as the program map has them, but for mere guesses. */
export function transportTracks(
  tracks: readonly ProgramTrack[],
  descriptions: ReadonlyMap<number, TrackDescription>,
): TransportTrack[] {
  const kept = tracks.filter(({ pid, guesses }) => guesses === undefined || descriptions.has(pid));
  const told = kept.map(({ pid, draft }) => descriptions.get(pid) ?? undescribed(draft, 0));
  const numbered = numberTracks(told.map(({ draft }) => draft));
  return numbered.map((track, position) => {
    const { pid, streamType } = kept[position]!;
    const { configuration, parameterSets, hasKeyframes, timescale, packetTicks } = told[position]!;
    return {
      streamType,
      parameterSets,
      hasKeyframes,
      coded: { number: pid, track, timescale, configuration, packetTicks },
    };
  });
}

const NOTHING = new Uint8Array(0);

function undescribed(draft: TrackDraft, ptsTicks: number): TrackDescription {
  return {
    draft,
    configuration: NOTHING,
    parameterSets: [],
    hasKeyframes: false,
    timescale: CLOCK_HZ,
    packetTicks: undefined,
    ptsTicks,
  };
}

function describePicture(draft: Omit<VideoTrack, "index">, unit: PesUnit): TrackDescription | undefined {
  const { codec } = draft;
  if (unit.ptsTicks === undefined) return undefined;
  if (isNalCodec(codec)) return describeNalPicture(draft, codec, unit.ptsTicks, unit.data);
  const isKeyframe = isKeyPicture(codec, unit.data);
  return isKeyframe === false ? undefined : { ...undescribed(draft, unit.ptsTicks), hasKeyframes: isKeyframe === true };
}

function describeNalPicture(
  draft: Omit<VideoTrack, "index">,
  codec: NalCodec,
  ptsTicks: number,
  data: Uint8Array,
): TrackDescription | undefined {
  const { nalUnits, isKeyframe } = nalPicture(codec, data) ?? { nalUnits: [], isKeyframe: false };
  const built = isKeyframe ? RECORDS[codec].build(nalUnits) : undefined;
  if (built === undefined) return undefined;
  const { record, picture } = built;
  const { widthPixels, heightPixels } = picture;
  const codecString = RECORDS[codec].codecString(record);
  const format = pictureFormatOf(codec, record);
  const dynamicRange = dynamicRangeOf(format);
  return {
    ...undescribed(videoTrack({ ...draft, ...format, dynamicRange, widthPixels, heightPixels, codecString }), ptsTicks),
    configuration: record,
    hasKeyframes: true,
    parameterSets: nalUnits.filter((nalUnit) => isParameterSet(codec, nalUnit)),
  };
}

const RECORDS = {
  h264: { build: avcRecordOf, codecString: avcCodecString },
  hevc: { build: hevcRecordOf, codecString: hevcCodecString },
} as const;

/** A guess holds if the PES packet begins with a frame, and another one follows that, or nothing does. */
function describeGuess(
  draft: Omit<AudioTrack, "index">,
  streamType: number,
  guesses: readonly AudioTrack["codec"][],
  unit: PesUnit,
): TrackDescription | undefined {
  const codec = guesses.find((guess) => soundFrameParser(guess, streamType)?.(unit.data, 0) !== undefined);
  return codec && describeSound({ ...draft, codec }, streamType, unit);
}

function describeSound(
  draft: Omit<AudioTrack, "index">,
  streamType: number,
  unit: PesUnit,
): TrackDescription | undefined {
  const parser = soundFrameParser(draft.codec, streamType);
  if (parser === undefined) return unit.ptsTicks === undefined ? undefined : undescribed(draft, unit.ptsTicks);
  const [first] = new SoundCutter(parser).push({ ...unit, followsLoss: false });
  if (first === undefined) return undefined;
  const { codec = draft.codec, sampleRateHz, channels, samples, configuration = NOTHING } = first.frame;
  const codecString = aacParameters(configuration)?.codecString;
  return {
    ...undescribed(audioTrack({ ...draft, codec, sampleRateHz, channels, codecString }), first.ptsTicks),
    configuration,
    timescale: sampleRateHz,
    packetTicks: samples,
  };
}
