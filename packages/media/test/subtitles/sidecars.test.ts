import { describe, expect, it } from "vitest";
import { type Sidecar, sidecarsFor, subtitleKindOf } from "../../src/index.ts";

describe("subtitleKindOf", () => {
  it.each([
    ["a.srt", "srt"],
    ["Folder/A.SRT", "srt"],
    ["a.en.vtt", "webvtt"],
    ["a.webvtt", "webvtt"],
    ["a.ass", "ass"],
    ["a.ssa", "ass"],
    ["a.sup", "sup"],
    ["a.idx", "vobsub"],
    ["a.sub", undefined],
    ["a.srt.txt", undefined],
    ["srt", undefined],
    ["", undefined],
  ])("says of %j: %s", (name, kind) => {
    expect(subtitleKindOf(name)).toBe(kind);
  });
});

describe("what the name of a sidecar says", () => {
  const film = "Film.2019.1080p.BluRay.x264-GRP";

  it.each<[name: string, description: string]>([
    [`${film}.srt`, "?"],
    [`${film}.en.srt`, "en"],
    [`${film}.eng.srt`, "en"],
    [`${film}.fre.srt`, "fr"],
    [`${film}.fra.srt`, "fr"],
    [`${film}.ger.forced.srt`, "de forced"],
    [`${film}.forced.de.srt`, "de forced"],
    [`${film}.pt-BR.srt`, "pt-BR"],
    [`${film}.pt_br.srt`, "pt-BR"],
    [`${film}.pob.srt`, "pt-BR"],
    [`${film}.es-419.srt`, "es-419"],
    [`${film}.zh-Hans.srt`, "zh-Hans"],
    [`${film}.zh-TW.srt`, "zh-Hant"],
    [`${film}.chs.ass`, "zh-Hans"],
    [`${film}.en-US.sdh.srt`, "en-US impaired"],
    [`${film}.en.cc.srt`, "en impaired"],
    [`${film}.en.hi.srt`, "en impaired"],
    [`${film}.hi.en.srt`, "en impaired"],
    [`${film}.hi.srt`, "hi"],
    [`${film}[Eng].srt`, "en"],
    [`${film} (English SDH).srt`, "en impaired"],
    [`${film}.English.Forced.srt`, "en forced"],
    [`${film}.Director's Commentary.en.srt`, 'en "Director\'s Commentary"'],
    [`${film}.en.Signs & Songs.ass`, 'en "Signs & Songs"'],
    [`${film}.en.default.srt`, "en"],
    [`${film}.utf8.srt`, "?"],
    ["English.srt", "en"],
    ["2_English.srt", "en"],
    ["3_English SDH.srt", "en impaired"],
    ["12_Brazilian Portuguese.srt", "pt-BR"],
    ["Portuguese (Brazilian).srt", "pt-BR"],
    ["Latin American Spanish.srt", "es-419"],
    ["Spanish (Latin America).srt", "es-419"],
    ["European Spanish.srt", "es-ES"],
    ["Chinese (Simplified).srt", "zh-Hans"],
    ["Traditional Chinese.srt", "zh-Hant"],
    ["French (Canadian).srt", "fr-CA"],
    ["Norwegian Bokmål.srt", "nb"],
    ["français.srt", "fr"],
    ["FRANCAIS.srt", "fr"],
    ["Español.srt", "es"],
    ["Čeština.srt", "cs"],
    ["Ελληνικά.srt", "el"],
    ["русский.srt", "ru"],
    ["Українська.srt", "uk"],
    ["العربية.srt", "ar"],
    ["עברית.srt", "he"],
    ["日本語.srt", "ja"],
    ["한국어.srt", "ko"],
    ["简体中文.srt", "zh-Hans"],
    ["繁體.srt", "zh-Hant"],
    ["Tiếng Việt.srt", "vi"],
    ["ไทย.srt", "th"],
    ["Türkçe.srt", "tr"],
    ["Bahasa Indonesia.srt", "id"],
    ["Farsi_Persian.srt", "fa"],
    ["eng-forced.srt", "en forced"],
    ["Film (2019) 720p WEB-DL English.srt", 'en "720p WEB DL"'],
    ["Film 2019 English subtitles by Ann.srt", 'en "English subtitles by Ann"'],
    ["Something else.srt", '? "Something else"'],
    ["xx.srt", '? "xx"'],
    ["und.srt", '? "und"'],
  ])("%s: %s", (name, description) => {
    const [sidecar] = sidecarsFor(`${film}.mkv`, [{ index: 0, path: name }]);
    expect(describeBriefly(sidecar)).toBe(description);
  });

  it.each<[video: string, name: string, description: string]>([
    ["It.2017.mkv", "It.srt", "?"],
    ["It.2017.mkv", "It.2017.it.srt", "it"],
    ["The.Italian.Job.2003.mkv", "The Italian Job.srt", "?"],
    ["The.Italian.Job.2003.mkv", "italian.job-thing.srt", '? "thing"'],
    ["The.English.Patient.1996.mkv", "2_English.srt", "en"],
    ["Film.English.1080p.mkv", "Film.720p.English.srt", 'en "720p"'],
  ])("does not take %s for a language in %s: %s", (video, name, description) => {
    const [sidecar] = sidecarsFor(video, [{ index: 0, path: name }]);
    expect(describeBriefly(sidecar)).toBe(description);
  });
});

function describeBriefly(sidecar: Sidecar | undefined): string {
  const parts = [sidecar?.language ?? "?"];
  if (sidecar?.isForced) parts.push("forced");
  if (sidecar?.isHearingImpaired) parts.push("impaired");
  if (sidecar?.title !== undefined) parts.push(`"${sidecar.title}"`);
  return parts.join(" ");
}

/** Of files whose index is their place in the list. */
function found(video: string, files: readonly string[]): string[] {
  const paths = files.map((path, index) => ({ index, path }));
  return sidecarsFor(video, paths).map(({ index, path, language }) => `${index} ${path} ${language}`);
}

describe("sidecarsFor", () => {
  it("finds those of the only film anywhere, sample and trailer notwithstanding", () => {
    const files = [
      "Film/film.mkv",
      "Film/Sample/sample.mkv",
      "Film/film-trailer.mp4",
      "Film/Subs/2_English.srt",
      "Extra/German.srt",
      "Film/film.nfo",
    ];
    expect(found("Film/film.mkv", files)).toEqual(["3 Film/Subs/2_English.srt en", "4 Extra/German.srt de"]);
  });

  it("takes no film for a trailer that has the word in its title", () => {
    const files = ["Trailer.Park.S01E01.mkv", "Trailer.Park.S01E02.mkv", "Trailer.Park.S01E02.en.srt"];
    expect(found("Trailer.Park.S01E01.mkv", files)).toEqual([]);
  });

  it("gives each episode those that start with its name", () => {
    const files = [
      "S/Show.S01E01.mkv",
      "S/Show.S01E02.mkv",
      "S/Show.S01E01.en.srt",
      "S/Show S01E02 [Eng].srt",
      "S/readme.srt",
    ];
    expect(found("S/Show.S01E01.mkv", files)).toEqual(["2 S/Show.S01E01.en.srt en"]);
    expect(found("S/Show.S01E02.mkv", files)).toEqual(["3 S/Show S01E02 [Eng].srt en"]);
  });

  it("prefers the longest name", () => {
    const files = ["Film.mkv", "Film.Extended.mkv", "Film.en.srt", "Film.Extended.en.srt"];
    expect(found("Film.mkv", files)).toEqual(["2 Film.en.srt en"]);
    expect(found("Film.Extended.mkv", files)).toEqual(["3 Film.Extended.en.srt en"]);
  });

  it("finds those in a folder of the episode below Subs", () => {
    const files = [
      "S/Show.S01E01.mp4",
      "S/Show.S01E02.mp4",
      "S/Subs/Show.S01E01/2_English.srt",
      "S/Subs/Show.S01E02/2_English.srt",
      "S/Subs/Show.S01E02/3_French.srt",
    ];
    expect(found("S/Show.S01E01.mp4", files)).toEqual(["2 S/Subs/Show.S01E01/2_English.srt en"]);
    expect(found("S/Show.S01E02.mp4", files)).toEqual([
      "3 S/Subs/Show.S01E02/2_English.srt en",
      "4 S/Subs/Show.S01E02/3_French.srt fr",
    ]);
  });

  it("takes the language from a folder", () => {
    const files = [
      "S/Show.S01E01.mkv",
      "S/Show.S01E02.mkv",
      "S/Subtitles/Spanish/Show.S01E01.srt",
      "S/Subtitles/es-419/Show.S01E01.srt",
    ];
    expect(found("S/Show.S01E01.mkv", files)).toEqual([
      "2 S/Subtitles/Spanish/Show.S01E01.srt es",
      "3 S/Subtitles/es-419/Show.S01E01.srt es-419",
    ]);
  });

  it("goes by the number of the episode where names differ", () => {
    const files = [
      "S/Show.S01E01.1080p-A.mkv",
      "S/Show.S01E02.1080p-A.mkv",
      "S/Subs/show.1x02.720p-B.en.srt",
      "S/Subs/s1e1.srt",
      "S/Subs/S03E01.srt",
    ];
    expect(found("S/Show.S01E01.1080p-A.mkv", files)).toEqual(["3 S/Subs/s1e1.srt undefined"]);
    expect(found("S/Show.S01E02.1080p-A.mkv", files)).toEqual(["2 S/Subs/show.1x02.720p-B.en.srt en"]);
  });

  it("keeps films in folders of their own apart", () => {
    const files = [
      "One/one.mkv",
      "One/Subs/English.srt",
      "Two/two.mkv",
      "Two/x.de.srt",
      "Subs/two.fr.srt",
      "Subs/English.srt",
    ];
    expect(found("One/one.mkv", files)).toEqual(["1 One/Subs/English.srt en"]);
    expect(found("Two/two.mkv", files)).toEqual(["3 Two/x.de.srt de", "4 Subs/two.fr.srt fr"]);
  });

  it("leaves the halves of VobSub together, and what nobody can tell alone", () => {
    expect(found("a.mkv", ["a.mkv", "a.idx", "a.sub"])).toEqual(["1 a.idx undefined"]);
    expect(found("a.mkv", ["a.mkv", "b.mkv", "c.srt"])).toEqual([]);
    expect(found("a.mkv", [])).toEqual([]);
  });

  it("serves the same film in two formats alike", () => {
    const files = ["Film.mkv", "Film.mp4", "Film.en.srt"];
    expect(found("Film.mkv", files)).toEqual(found("Film.mp4", files));
    expect(found("Film.mp4", files)).toEqual(["2 Film.en.srt en"]);
  });
});
