import { aacParameters } from "../codecs/aac.ts";
import { wavePcmFormat } from "../codecs/microsoft.ts";
import type { Track } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";
import { soundTiming } from "../sound-timing.ts";
import { numberTracks } from "../track-list.ts";
import type { AviHeader } from "./header.ts";
import { type SoundFraming, soundFramingOf } from "./sound-framing.ts";
import { rateOf, type StreamClock, streamClock, waveLayout } from "./stream-clock.ts";
import type { AviStream } from "./streams.ts";

/** A track of an AVI film, and what it takes to make packets of its chunks. */
export interface AviTrack {
  readonly coded: CodedTrack;
  readonly stream: AviStream;
  /** In the ids of its chunks. */
  readonly streamNumber: number;
  readonly clock: StreamClock;
  /** Undefined where a chunk is a packet. */
  readonly framing: SoundFraming | undefined;
}

/** The ids of chunks have two digits for it. */
const STREAMS_LIMIT = 100;

/** The streams that are seen, heard or read. Their `CodedTrack.number` counts from 1, the digits of their chunks from 0. */
export function aviTracks({ streams, framePeriodMicroseconds }: AviHeader): AviTrack[] {
  const drafts = streams.map(({ draft }) => draft).filter((draft) => draft !== undefined);
  const tracks = numberTracks(drafts);
  return streams.slice(0, STREAMS_LIMIT).flatMap((stream, streamNumber) => {
    const track = stream.draft && tracks[drafts.indexOf(stream.draft)];
    return track === undefined ? [] : [aviTrack({ stream, streamNumber, track, framePeriodMicroseconds })];
  });
}

interface Place {
  readonly stream: AviStream;
  readonly streamNumber: number;
  readonly track: Track;
  readonly framePeriodMicroseconds: number;
}

function aviTrack({ stream, streamNumber, track, framePeriodMicroseconds }: Place): AviTrack {
  const configuration = configurationOf(track, stream.format);
  const { scale, rate } = rateOf(stream, framePeriodMicroseconds);
  // Pictures count in the very fractions that the file does.
  const timing = track.kind === "audio" ? soundTiming(track, configuration) : { timescale: rate, packetTicks: scale };
  const clock = streamClock(stream, framePeriodMicroseconds, timing.timescale);
  const framing = soundFramingOf(track, waveLayout(stream.format).blockBytes, clock.countsBytes);
  const number = streamNumber + 1;
  const pcm = track.codec === "pcm" ? wavePcmFormat(stream.format) : undefined;
  const coded = { number, track, configuration, microsoftFormat: stream.format, pcm, ...timing };
  return { coded, stream, streamNumber, clock, framing };
}

const NOTHING = new Uint8Array(0);
/** Behind a WAVEFORMATEX. */
const EXTRA_START = 18;
/** WAVE_FORMAT_RAW_AAC1: what the codec adds is an AudioSpecificConfig, and frames have no headers. */
const RAW_AAC_TAG = "0x00ff";

/** ISO's form of what the codec wants to hear first. Of all others, nothing is copied from AVI into an ISO file. */
function configurationOf(track: Track, format: Uint8Array): Uint8Array {
  const extra = format.subarray(EXTRA_START);
  return track.codecTag === RAW_AAC_TAG && aacParameters(extra) !== undefined ? extra : NOTHING;
}
