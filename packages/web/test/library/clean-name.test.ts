import { expect, test } from "vitest";
import { type CleanName, cleanName } from "../../src/library/clean-name.ts";

const NAMES: readonly (readonly [name: string, clean: CleanName])[] = [
  ["The.Film.2019.1080p.BluRay.x264-GRP", { title: "The Film", year: 2019, resolution: "1080p" }],
  ["The Film (2019) [1080p] [BluRay] [5.1]", { title: "The Film", year: 2019, resolution: "1080p" }],
  ["The_Film_(2019)_720p.mkv", { title: "The Film", year: 2019, resolution: "720p" }],
  ["1917.2019.2160p.UHD.BluRay.x265.HDR-GRP", film("1917", 2019, "2160p", true)],
  ["2001.A.Space.Odyssey.1968.1080p.WEB-DL", { title: "2001 A Space Odyssey", year: 1968, resolution: "1080p" }],
  ["Blade.Runner.2049.2017.4K.HDR.DV.mkv", film("Blade Runner 2049", 2017, "2160p", true)],
  ["www.Site.org - The.Film.1999.DVDRip.XviD", { title: "The Film", year: 1999 }],
  ["[Group] Some Show - S02E11 - The End [720p]", episode("Some Show", 2, 11, "The End", "720p")],
  ["Mr. Robot S01E02 1080p WEB", { title: "Mr. Robot", season: 1, episode: 2, resolution: "1080p" }],
  ["Show.Name.S01E02.The.Second.One.1080p.WEB.h264-GRP.mkv", episode("Show Name", 1, 2, "The Second One", "1080p")],
  ["Show.Name.2014.s03e004.HDTV.x264", { title: "Show Name", year: 2014, season: 3, episode: 4 }],
  ["show.name.1x02.mkv", { title: "show name", season: 1, episode: 2 }],
  ["Show.Name.S01.1080p.BluRay.x265", { title: "Show Name", season: 1, resolution: "1080p" }],
  ["Show.Name.S01-S03.1080p.BluRay.x265", { title: "Show Name", resolution: "1080p" }],
  ["Show Name Season 2 Complete 720p", { title: "Show Name", season: 2, resolution: "720p" }],
  ["S01E02.mkv", { title: "S01E02" }],
  ["Charlotte's Web 1973.avi", { title: "Charlotte's Web", year: 1973 }],
  ["Der.Film.mit.Ümläuten.2020.German.1080p", { title: "Der Film mit Ümläuten", year: 2020, resolution: "1080p" }],
  ["фильм.2018.1080p.mkv", { title: "фильм", year: 2018, resolution: "1080p" }],
  ["ubuntu-24.04-desktop-amd64.iso", { title: "ubuntu-24.04-desktop-amd64.iso" }],
  ["Riptide demo (MP4).mp4", { title: "Riptide demo (MP4)" }],
  ["2019", { title: "2019" }],
  ["1080p", { title: "1080p" }],
  ["", { title: "" }],
  [".mkv", { title: ".mkv" }],
  [`Film.2019.${"x".repeat(300)}`, { title: `Film.2019.${"x".repeat(300)}` }],
  ['"><img src=x onerror="alert(1)">', { title: '"><img src=x onerror="alert(1)">' }],
];

test.each(NAMES)("%s is cleaned up", (name, clean) => {
  expect(cleanName(name)).toEqual(clean);
});

function film(title: string, year: number, resolution: string, isHighDynamicRange: true): CleanName {
  return { title, year, resolution, isHighDynamicRange };
}

function episode(title: string, season: number, number: number, subtitle: string, resolution: string): CleanName {
  return { title, season, episode: number, subtitle, resolution };
}
