import { describe, expect, it } from "vitest";
import { mediaTypeOfName } from "../src/media-type.ts";

describe("mediaTypeOfName", () => {
  it.each([
    ["Film (2024)/film.mkv", "video/matroska"],
    ["FILM.MP4", "video/mp4"],
    ["song.flac", "audio/flac"],
    ["subs/film.en.srt", "application/x-subrip"],
  ])("takes %s for %s", (path, mediaType) => {
    expect(mediaTypeOfName(path)).toBe(mediaType);
  });

  it.each(["README", "setup.exe", "page.html", "image.svg", "a.mkv/file", ".mkv/", "trailing.", "", "x.constructor"])(
    "does not name the type of %j",
    (path) => {
      expect(mediaTypeOfName(path)).toBe("application/octet-stream");
    },
  );
});
