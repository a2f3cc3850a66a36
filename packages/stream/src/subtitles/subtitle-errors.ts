import { MediaError, StreamError } from "@riptide/core";

export function noSuchSubtitles(): StreamError {
  return new StreamError("stream_not_found", "There are no such subtitles. The media info lists those of the film.");
}

/** @param message a sentence that says what is not handed out, and what to do instead */
export function unsupportedSubtitles(message: string): MediaError {
  return new MediaError("unsupported_media", message);
}
