/**
 * The media type that a file name promises. Only for the list of files: what a stream is, its bytes decide.
 * Everything that a browser would run as a page (`.html`, `.svg`, `.xml`, …) is plain bytes here, on purpose.
 */
export function mediaTypeOfName(path: string): string {
  const extension = /\.([0-9a-z]{1,5})$/i.exec(path)?.[1]?.toLowerCase();
  return (extension === undefined ? undefined : MEDIA_TYPES.get(extension)) ?? "application/octet-stream";
}

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ["mp4", "video/mp4"],
  ["m4v", "video/mp4"],
  ["mov", "video/quicktime"],
  ["mkv", "video/matroska"], // RFC 9559 §25.1
  ["webm", "video/webm"],
  ["avi", "video/x-msvideo"],
  ["ts", "video/mp2t"],
  ["m2ts", "video/mp2t"],
  ["flv", "video/x-flv"],
  ["wmv", "video/x-ms-wmv"],
  ["asf", "video/x-ms-asf"],
  ["ogv", "video/ogg"],
  ["ogg", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["mp3", "audio/mpeg"],
  ["m4a", "audio/mp4"],
  ["aac", "audio/aac"],
  ["flac", "audio/flac"],
  ["wav", "audio/wav"],
  ["mka", "audio/matroska"],
  ["srt", "application/x-subrip"],
  ["vtt", "text/vtt"],
]);
