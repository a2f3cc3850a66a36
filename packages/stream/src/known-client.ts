import { type AudioTrack, type MediaInfo, mediaTypeOf, type VideoTrack } from "@riptide/media";
import {
  affirmedCodecs,
  type ClientAbilities,
  CONVERTED_AUDIO,
  CONVERTED_VIDEO,
  codecInFile,
  codecInFragments,
} from "./client-abilities.ts";

type MediaTrack = VideoTrack | AudioTrack;

/** What counts of a client when fragmented MP4 is made for it. */
export interface FragmentClient {
  readonly takesHls: boolean;
  readonly playsInFragments: (track: MediaTrack) => boolean;
  readonly playsConverted: { readonly video: boolean; readonly audio: boolean };
  readonly maxAudioChannels: number;
}

/** What counts of a client for one file. */
export interface KnownClient extends FragmentClient {
  readonly opensFile: boolean;
  readonly playsInFile: (track: MediaTrack) => boolean;
}

/** Reads out of a client's abilities what they mean for one file. */
export function knownClient(can: ClientAbilities, { container, tracks }: MediaInfo): KnownClient {
  const audioTracks = tracks.filter(({ kind }) => kind === "audio");
  const inFile = affirmedCodecs(can.file, [mediaTypeOf(container), mediaTypeOf(container, audioTracks)]);
  const inMse = affirmedCodecs(can.mse, FRAGMENT_TYPES);
  // Without MSE, what a client plays in an MP4 file is what it plays in fragments, be it by native HLS or as a stream.
  const inFragments = inMse.size > 0 ? inMse : affirmedCodecs(can.file, FRAGMENT_TYPES);
  return {
    opensFile: inFile.size > 0,
    takesHls: inMse.size > 0 || can.nativeHls,
    playsInFile: (track) => isAmong(inFile, codecInFile(container, track)),
    playsInFragments: (track) => isAmong(inFragments, codecInFragments(track)),
    playsConverted: { video: inFragments.has(CONVERTED_VIDEO), audio: inFragments.has(CONVERTED_AUDIO) },
    maxAudioChannels: can.maxAudioChannels ?? Number.POSITIVE_INFINITY,
  };
}

/** A client that says nothing is taken for a browser that plays the fragments that `remux.mp4` always made, and no others. */
export const SILENT_CLIENT: FragmentClient = {
  takesHls: false,
  playsInFragments: ({ codec }) => codec !== "ac3" && codec !== "eac3",
  playsConverted: { video: true, audio: true },
  maxAudioChannels: Number.POSITIVE_INFINITY,
};

/** Whether a client wants a track mixed down. */
export function hasTooManyChannels({ channels = 0 }: AudioTrack, { maxAudioChannels }: FragmentClient): boolean {
  return channels > maxAudioChannels;
}

const FRAGMENT_TYPES = ["video/mp4", "audio/mp4"];

function isAmong(codecs: ReadonlySet<string>, codec: string | undefined): boolean {
  return codec !== undefined && codecs.has(codec.toLowerCase());
}
