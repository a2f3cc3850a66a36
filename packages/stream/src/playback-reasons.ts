/** Why a film is played in a mode: a stable code for programs, a whole sentence for a person. */
export interface PlaybackReason {
  readonly code: PlaybackReasonCode;
  readonly message: string;
}

export type PlaybackReasonCode = keyof typeof MESSAGES;

export function playbackReason(code: PlaybackReasonCode): PlaybackReason {
  return { code, message: MESSAGES[code] };
}

const MESSAGES = {
  // What is done
  plays_as_it_is: "Your player plays this file as it is.",
  index_moved: "This MP4 keeps its index at its end; it is moved to the front on the way.",
  repackaged: "The film is repackaged as fragmented MP4 on the way.",
  audio_converted: "The sound is converted to AAC on the way, because MP4 or your player does not take it as it is.",
  video_converted:
    "The picture is converted to H.264 on the way, because MP4 or your player does not take it as it is.",
  client_unknown: "Your player did not say what it plays.",
  // Why not as it is
  container_not_played: "Your player does not open this kind of file.",
  video_not_played: "Your player does not play the picture as it is coded in this file.",
  audio_not_played: "Your player does not play the sound as it is coded in this file.",
  audio_not_first: "Your player would play another sound track of this file.",
  audio_channels: "The sound has more channels than your player takes.",
  subtitles_not_shown: "Your player would not show the subtitles that this file holds.",
  silent_in_chromium: "Chromium plays Matroska with this sound silently, without saying so.",
  read_whole_by_firefox: "Firefox reads a Matroska file to its end before it plays.",
  index_explored: "This file has no index of its keyframes: you can seek as far as it has been read.",
  // Why not in segments
  hls_not_played: "Your player did not say that it takes HLS.",
  no_key_index: "This file has no index of its keyframes, so your player gets it in one piece.",
  audio_not_segmented: "This kind of sound can only be converted in one stream.",
  not_segmented: "This kind of file cannot be cut into segments yet.",
  // What is missing
  audio_unknown: "The sound is in a format that Riptide does not know.",
  audio_replaced: "Without ffmpeg the chosen sound cannot be played; this is another track of the film.",
  // Why not at all
  unsupported_no_media: "This file has no picture and no sound that Riptide can play. Choose another file.",
  unsupported_video: "The picture of this file is in a format that Riptide does not know. Download it instead.",
  unsupported_audio_track: "This file has no such sound track. Choose one of those that it lists.",
  unsupported_no_ffmpeg: "This film has to be converted for your player. Install ffmpeg, or download the film.",
  unsupported_video_conversion: "This server does not convert pictures. Use another player, or download the film.",
  unsupported_client: "Your player plays neither this film nor what it could be converted to. Use another player.",
} as const;
