import { describe, expect, it } from "vitest";
import { webSeedFileUrl } from "../../src/webseed/file-url.ts";

const FILM = { path: ["film.mkv"] };

describe("webSeedFileUrl", () => {
  it.each([
    ["http://a.example/film.mkv", "http://a.example/film.mkv"],
    ["http://a.example/any%20name?key=1", "http://a.example/any%20name?key=1"],
    ["http://a.example", "http://a.example/film.mkv"],
    ["http://a.example/films/", "http://a.example/films/film.mkv"],
    ["http://a.example/films/?key=1", "http://a.example/films/film.mkv?key=1"],
  ])("names a single file by %s as %s", (seed, url) => {
    expect(webSeedFileUrl(seed, { name: "film.mkv", hasFolder: false }, FILM)).toBe(url);
  });

  it.each([
    ["http://a.example/x/", ["film.mkv"], "http://a.example/x/The%20Films/film.mkv"],
    ["http://a.example/x", ["film.mkv"], "http://a.example/x/The%20Films/film.mkv"],
    ["http://a.example/x/?key=1", ["a", "b.mkv"], "http://a.example/x/The%20Films/a/b.mkv?key=1"],
    [
      "https://a.example:8443/",
      ["S01/E01?", "100% #1.mkv"],
      "https://a.example:8443/The%20Films/S01%2FE01%3F/100%25%20%231.mkv",
    ],
    ["http://a.example/", ["日本", "é.mkv"], "http://a.example/The%20Films/%E6%97%A5%E6%9C%AC/%C3%A9.mkv"],
    ["http://a.example/", ["a\\..\\b"], "http://a.example/The%20Films/a%5C..%5Cb"],
  ])("names a file of a folder below %s", (seed, path, url) => {
    expect(webSeedFileUrl(seed, { name: "The Films", hasFolder: true }, { path })).toBe(url);
  });

  it.each([[[".."]], [["a", ".", "b"]], [["", "b"]], [[]]])(
    "has no URL for a path of %j that leads elsewhere",
    (path) => {
      const isFolder = path.length === 0;
      const name = isFolder ? ".." : "films";
      expect(webSeedFileUrl("http://a.example/private/", { name, hasFolder: true }, { path })).toBeUndefined();
    },
  );
});
