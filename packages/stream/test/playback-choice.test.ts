import { describe, expect, test } from "vitest";
import type { Container, MediaInfo, Track } from "../src/index.ts";
import type { PlaybackChoice, PlaybackContext } from "../src/playback.ts";
import { choosePlayback } from "../src/playback-choice.ts";
import { abilitiesOf, type BrowserName } from "./support/clients.ts";
import { audioTrack, mediaInfo, subtitleTrack, videoTrack } from "./support/media-infos.ts";

const CONTEXT: PlaybackContext = {
  hasFfmpeg: true,
  keyIndexKind: "cues",
  neverTranscodeVideo: false,
  hasVirtualRemux: true,
};
const WITHOUT_FFMPEG = { hasFfmpeg: false };

/** Tracks by a word each, as the headers of a file tell them. */
const TRACKS = {
  h264: videoTrack("h264", { codecString: "avc1.64001f" }),
  vfw: videoTrack("h264", { codecTag: "V_MS/VFW/FOURCC" }),
  hvc1: videoTrack("hevc", { codecString: "hvc1.1.6.L93.B0" }),
  hev1: videoTrack("hevc", { codecString: "hev1.1.6.L93.B0" }),
  av1: videoTrack("av1", { codecString: "av01.0.08M.10" }),
  vp9: videoTrack("vp9", { codecString: "vp9" }),
  vp8: videoTrack("vp8", { codecString: "vp8" }),
  xvid: videoTrack("mpeg4"),
  mystery: videoTrack("unknown"),
  aac: audioTrack("aac", { codecString: "mp4a.40.2", channels: 2 }),
  adts: audioTrack("aac", { codecTag: "0x0f" }),
  ac3: audioTrack("ac3", { codecString: "ac-3", channels: 6 }),
  dts: audioTrack("dts", { codecString: "dtsc", channels: 6 }),
  truehd: audioTrack("truehd", { codecString: "mlpa", channels: 8 }),
  mp3: audioTrack("mp3", { codecString: "mp4a.6b" }),
  opus: audioTrack("opus", { codecString: "opus" }),
  vorbis: audioTrack("vorbis", { codecString: "vorbis" }),
  flac: audioTrack("flac", { codecString: "flac" }),
  noise: audioTrack("unknown"),
  text: subtitleTrack(),
} satisfies Record<string, Track>;

/** `mkv: h264 aac ac3` as a media info; tracks are numbered by kind. */
function filmOf(words: string, rest: Partial<MediaInfo> = {}): MediaInfo {
  const [container = "", tracks = ""] = words.split(": ");
  const counts = { video: 0, audio: 0, subtitle: 0 };
  return mediaInfo(
    CONTAINERS[container]!,
    tracks
      .split(" ")
      .filter(Boolean)
      .map((word): Track => {
        const track: Track = TRACKS[word as keyof typeof TRACKS];
        counts[track.kind] += 1;
        return { ...track, index: counts[track.kind] - 1 };
      }),
    { isFastStart: container === "mp4" ? true : container === "mp4 (index last)" ? false : undefined, ...rest },
  );
}

const CONTAINERS: Readonly<Record<string, Container>> = {
  mp4: "mp4",
  "mp4 (index last)": "mp4",
  mkv: "matroska",
  webm: "webm",
  avi: "avi",
  ts: "mpegts",
  ogg: "ogg",
};

/** A choice in few words: its mode, and which of picture (v) and sound (a) are converted. */
function wordsOf({ mode, video, audio }: PlaybackChoice): string {
  const converted = `${video?.treatment === "h264" ? "v" : ""}${audio[0]?.treatment === "aac" ? "a" : ""}`;
  return converted === "" ? mode : `${mode} ${converted}`;
}

function play(name: BrowserName | "silent", film: MediaInfo, context: Partial<PlaybackContext> = {}): PlaybackChoice {
  const can = name === "silent" ? undefined : abilitiesOf(name, film);
  // No transport stream has an index.
  const index = film.container === "mpegts" ? { keyIndexKind: undefined } : {};
  return choosePlayback(film, can, { ...CONTEXT, ...index, ...context });
}

const codesOf = ({ reasons }: PlaybackChoice): string[] => reasons.map(({ code }) => code);

const NAMES = ["chromium", "chromium, HEVC", "firefox", "safari", "iphone", "television", "silent"] as const;

// biome-ignore format: a table
const MATRIX: readonly [string, ...string[]][] = [
  // film                  chromium        with HEVC       firefox         safari          iphone          television      silent
  ["mp4: h264 aac",        "direct",       "direct",       "direct",       "direct",       "direct",       "direct",       "direct"],
  ["mp4: h264 aac text",   "direct",       "direct",       "direct",       "direct",       "direct",       "direct",       "direct"],
  ["mp4: h264",            "direct",       "direct",       "direct",       "direct",       "direct",       "direct",       "direct"],
  ["mp4: aac",             "direct",       "direct",       "direct",       "direct",       "direct",       "direct",       "direct"],
  ["mp4 (index last): h264 aac", "virtual", "virtual",     "virtual",      "virtual",      "virtual",      "virtual",      "direct"],
  ["mp4 (index last): h264 ac3", "hls a",  "hls a",        "hls a",        "virtual",      "virtual",      "virtual",      "direct"],
  ["mp4: h264 ac3",        "hls a",        "hls a",        "hls a",        "direct",       "direct",       "direct",       "direct"],
  ["mp4: h264 dts",        "hls a",        "hls a",        "hls a",        "hls a",        "hls a",        "remux a",      "direct"],
  ["mp4: h264 mp3",        "direct",       "direct",       "direct",       "direct",       "direct",       "direct",       "direct"],
  ["mp4: hvc1 aac",        "transcode v",  "direct",       "transcode v",  "direct",       "direct",       "direct",       "direct"],
  ["mp4: hev1 aac",        "transcode v",  "direct",       "transcode v",  "hls",          "hls",          "virtual",      "direct"],
  ["mp4: av1 opus",        "direct",       "direct",       "direct",       "transcode v",  "transcode va", "transcode va", "direct"],
  ["mp4: xvid mp3",        "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "direct"],
  ["webm: vp9 opus",       "direct",       "direct",       "direct",       "hls",          "transcode va", "transcode va", "direct"],
  ["webm: vp8 vorbis",     "direct",       "direct",       "direct",       "transcode va", "transcode va", "transcode va", "direct"],
  ["mkv: h264 aac",        "direct",       "direct",       "hls",          "hls",          "hls",          "virtual",      "remux"],
  ["mkv: h264 aac text",   "hls",          "hls",          "hls",          "hls",          "hls",          "virtual",      "remux"],
  ["mkv: h264 mp3 text",   "direct",       "direct",       "hls a",        "hls a",        "hls a",        "remux a",      "remux a"],
  ["mkv: h264 ac3",        "hls a",        "hls a",        "hls a",        "hls",          "hls",          "virtual",      "remux a"],
  ["mkv: h264 dts",        "hls a",        "hls a",        "hls a",        "hls a",        "hls a",        "remux a",      "remux a"],
  ["mkv: h264 truehd",     "remux a",      "remux a",      "remux a",      "remux a",      "remux a",      "remux a",      "remux a"],
  ["mkv: h264 mp3",        "direct",       "direct",       "hls a",        "hls a",        "hls a",        "remux a",      "remux a"],
  ["mkv: hvc1 aac",        "transcode v",  "direct",       "transcode v",  "hls",          "hls",          "virtual",      "remux"],
  ["mkv: hvc1 ac3",        "transcode va", "hls a",        "transcode va", "hls",          "hls",          "virtual",      "remux a"],
  ["mkv: av1 opus",        "direct",       "direct",       "hls",          "transcode v",  "transcode va", "transcode va", "remux"],
  ["mkv: vp9 opus",        "direct",       "direct",       "hls",          "hls",          "transcode va", "transcode va", "remux"],
  ["mkv: vp8 vorbis",      "direct",       "direct",       "transcode va", "transcode va", "transcode va", "transcode va", "transcode va"],
  ["mkv: vfw aac",         "transcode v",  "transcode v",  "transcode v",  "transcode v",  "transcode v",  "transcode v",  "transcode v"],
  ["mkv: xvid mp3",        "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "transcode va"],
  ["mkv: flac",            "direct",       "direct",       "hls",          "hls",          "hls",          "remux a",      "remux"],
  ["mkv: h264",            "direct",       "direct",       "hls",          "hls",          "hls",          "virtual",      "remux"],
  ["mkv: h264 noise",      "direct",       "direct",       "hls",          "hls",          "hls",          "virtual",      "remux"],
  ["ts: h264 adts",        "remux",        "remux",        "remux",        "remux",        "remux",        "remux",        "remux"],
  ["ts: h264 ac3",         "remux a",      "remux a",      "remux a",      "remux",        "remux",        "remux",        "remux a"],
  ["avi: h264 mp3",        "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "transcode va"],
  ["avi: xvid ac3",        "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "transcode va", "transcode va"],
  ["ogg: opus",            "direct",       "direct",       "direct",       "remux",        "remux a",      "remux a",      "direct"],
  ["mp4: mystery aac",     "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported",  "direct"],
  ["mkv: mystery aac",     "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported"],
  ["mkv: text",            "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported",  "unsupported"],
];

describe("The cheapest way to play", () => {
  test.each(MATRIX)("%s", (film, ...expected) => {
    expect(NAMES.map((name) => wordsOf(play(name, filmOf(film))))).toEqual(expected);
  });
});

describe("Without ffmpeg", () => {
  test.each<[string, BrowserName | "silent", string, string]>([
    ["mkv: h264 aac", "firefox", "hls", "repackaged"],
    ["mkv: h264 ac3", "safari", "hls", "repackaged"],
    ["mkv: h264 ac3", "chromium", "unsupported", "unsupported_no_ffmpeg"],
    ["mkv: xvid aac", "chromium", "unsupported", "unsupported_no_ffmpeg"],
    ["ts: h264 adts", "chromium", "remux", "repackaged"],
    ["ts: h264 ac3", "chromium", "unsupported", "unsupported_no_ffmpeg"],
    ["ogg: opus", "safari", "unsupported", "unsupported_no_ffmpeg"],
    ["avi: xvid mp3", "silent", "unsupported", "unsupported_no_ffmpeg"],
    ["mkv: h264 aac", "silent", "remux", "repackaged"],
  ])("%s is for %s: %s", (film, name, expected, code) => {
    const choice = play(name, filmOf(film), WITHOUT_FFMPEG);
    expect(wordsOf(choice)).toBe(expected);
    expect(codesOf(choice).at(-1)).toBe(code);
  });

  test("another sound is better than none, unless that one was asked for", () => {
    const film = filmOf("mkv: h264 ac3 dts aac");
    const choice = play("firefox", film, WITHOUT_FFMPEG);
    expect(choice).toMatchObject({ mode: "hls", audio: [{ index: 2, treatment: "copy" }] });
    expect(codesOf(choice)).toContain("audio_replaced");
    expect(play("firefox", film, { ...WITHOUT_FFMPEG, audioIndex: 1 }).mode).toBe("unsupported");
  });

  test("what has too many channels is played as it is", () => {
    const film = filmOf("mp4: h264 ac3");
    expect(
      choosePlayback(film, abilitiesOf("safari", film, { maxAudioChannels: 2 }), { ...CONTEXT, ...WITHOUT_FFMPEG })
        .mode,
    ).toBe("direct");
  });
});

describe("A server that never converts pictures", () => {
  test.each<[string, BrowserName | "silent", string]>([
    ["mkv: h264 dts", "chromium", "hls a"],
    ["mkv: hvc1 aac", "safari", "hls"],
    ["mkv: hvc1 aac", "chromium", "unsupported"],
    ["avi: xvid mp3", "silent", "unsupported"],
  ])("%s is for %s: %s", (film, name, expected) => {
    expect(wordsOf(play(name, filmOf(film), { neverTranscodeVideo: true }))).toBe(expected);
  });

  test("says so", () => {
    expect(codesOf(play("chromium", filmOf("avi: xvid mp3"), { neverTranscodeVideo: true }))).toEqual([
      "container_not_played",
      "unsupported_video_conversion",
    ]);
  });
});

/** A film without an index that can be cut while it is read. */
const EXPLORED = { keyIndexKind: undefined, isExplorable: true } as const;

describe("Reasons", () => {
  test.each<[string, BrowserName | "silent", Partial<PlaybackContext>, string[]]>([
    ["mp4: h264 aac", "chromium", {}, ["plays_as_it_is"]],
    ["mp4 (index last): h264 aac", "chromium", {}, ["index_moved"]],
    ["mkv: h264 noise", "chromium", {}, ["plays_as_it_is", "audio_unknown"]],
    ["mkv: h264 noise", "firefox", {}, ["read_whole_by_firefox", "audio_unknown", "repackaged"]],
    ["mkv: h264 aac", "firefox", {}, ["read_whole_by_firefox", "repackaged"]],
    ["mkv: h264 aac", "safari", {}, ["container_not_played", "repackaged"]],
    ["mkv: h264 dts", "chromium", {}, ["audio_not_played", "silent_in_chromium", "audio_converted", "repackaged"]],
    ["mkv: h264 ac3", "chromium, boasting", {}, ["silent_in_chromium", "hls_not_played", "repackaged"]],
    ["mkv: hvc1 aac", "chromium", {}, ["video_not_played", "video_converted", "repackaged"]],
    ["mkv: h264 aac", "television", {}, ["container_not_played", "hls_not_played", "repackaged"]],
    ["mkv: h264 aac", "safari", { keyIndexKind: undefined }, ["container_not_played", "no_key_index", "repackaged"]],
    ["mkv: h264 aac", "safari", EXPLORED, ["container_not_played", "index_explored", "repackaged"]],
    ["mkv: h264 aac", "television", EXPLORED, ["container_not_played", "no_key_index", "repackaged"]],
    ["ts: h264 adts", "chromium", {}, ["container_not_played", "no_key_index", "repackaged"]],
    ["mkv: text", "chromium", {}, ["unsupported_no_media"]],
    ["mkv: mystery aac", "chromium", {}, ["unsupported_video"]],
    ["mkv: h264 aac", "chromium", { audioIndex: 1 }, ["unsupported_audio_track"]],
    ["mkv: h264 aac", "toaster", {}, ["container_not_played", "unsupported_client"]],
    ["mp4: aac", "toaster", {}, ["container_not_played", "unsupported_client"]],
    ["mp4: h264 aac", "silent", {}, ["client_unknown"]],
    ["mkv: h264 aac", "silent", {}, ["client_unknown", "hls_not_played", "repackaged"]],
  ])("of %s for %s %j are %j", (film, name, context, expected) => {
    expect(codesOf(play(name, filmOf(film), context))).toEqual(expected);
  });

  test("are sentences", () => {
    for (const { message } of play("silent", filmOf("mkv: h264 dts")).reasons) expect(message).toMatch(/^[A-Z].*\.$/);
  });
});

describe("Where there is no HLS", () => {
  test.each<[string, BrowserName, Partial<PlaybackContext>, string]>([
    ["mkv: h264 aac", "television", { hasVirtualRemux: false }, "remux"],
    ["mkv: h264 dts", "television", {}, "remux a"],
    ["mkv: h264 aac", "television", { keyIndexKind: undefined }, "remux"],
    ["mkv: h264 aac", "safari", { keyIndexKind: undefined }, "remux"],
    ["mkv: h264 aac", "chromium", { keyIndexKind: undefined }, "direct"],
  ])("%s is for %s %j: %s", (film, name, context, expected) => {
    expect(wordsOf(play(name, filmOf(film), context))).toBe(expected);
  });
});

describe("Without an index, but as far as it has been read,", () => {
  test.each<[string, BrowserName, string]>([
    ["mkv: h264 aac", "safari", "hls"],
    ["mkv: h264 dts", "chromium", "hls a"],
    ["mkv: h264 aac text", "chromium", "hls"],
    ["mkv: h264 aac", "chromium", "direct"],
    ["mkv: h264 aac", "television", "remux"],
    ["mkv: h264 truehd", "chromium", "remux a"],
    ["mkv: hvc1 aac", "chromium", "transcode v"],
  ])("%s is for %s: %s", (film, name, expected) => {
    expect(wordsOf(play(name, filmOf(film), EXPLORED))).toBe(expected);
  });
});

describe("Chromium that boasts", () => {
  test.each(["ac3", "dts"] as const)("gets no Matroska with %s directly", (codec) => {
    expect(play("chromium, boasting", filmOf(`mkv: h264 ${codec}`)).mode).not.toBe("direct");
  });

  test("gets MP4 with what it says it plays", () => {
    expect(play("chromium, boasting", filmOf("mp4: h264 ac3")).mode).toBe("direct");
  });
});

describe("Subtitles in Matroska", () => {
  test("are a reason for segments, but not for a stream that cannot be entered", () => {
    const film = filmOf("mkv: h264 aac text");
    expect(codesOf(play("chromium", film))).toEqual(["subtitles_not_shown", "repackaged"]);
    expect(play("chromium", film, { keyIndexKind: undefined }).mode).toBe("direct");
    expect(play("chromium", filmOf("mkv: h264 text")).mode).toBe("hls");
  });
});

describe("Of several sounds", () => {
  test("a file plays the first one only", () => {
    const film = filmOf("mkv: h264 aac opus");
    expect(play("chromium", film)).toMatchObject({ mode: "direct", audio: [{ index: 0, treatment: "copy" }] });
    const other = play("chromium", film, { audioIndex: 1 });
    expect(other).toMatchObject({ mode: "hls", audio: [{ index: 1 }, { index: 0 }] });
    expect(codesOf(other)).toEqual(["audio_not_first", "repackaged"]);
  });

  test("HLS has all that can be played, and how", () => {
    expect(play("firefox", filmOf("mkv: h264 dts aac noise mp3")).audio).toEqual([
      { index: 0, treatment: "aac" },
      { index: 1, treatment: "copy" },
      { index: 3, treatment: "aac" },
    ]);
    expect(play("firefox", filmOf("mkv: h264 aac dts mp3"), WITHOUT_FFMPEG).audio).toEqual([
      { index: 0, treatment: "copy" },
    ]);
  });

  test("a stream has one", () => {
    expect(play("firefox", filmOf("mkv: h264 aac opus"), { keyIndexKind: undefined }).audio).toHaveLength(1);
  });

  test("a silent client gets the one that it asks for", () => {
    const film = filmOf("mp4: h264 aac ac3");
    expect(play("silent", film, { audioIndex: 1 })).toMatchObject({
      mode: "remux",
      audio: [{ index: 1, treatment: "aac" }],
    });
    expect(codesOf(play("silent", film, { audioIndex: 2 }))).toEqual(["unsupported_audio_track"]);
  });
});

describe("Loudspeakers", () => {
  test.each([
    [2, "hls a", "audio_channels"],
    [6, "direct", "plays_as_it_is"],
  ])("for %d channels", (maxAudioChannels, expected, code) => {
    const film = filmOf("mp4: h264 ac3");
    const choice = choosePlayback(film, abilitiesOf("safari", film, { maxAudioChannels }), CONTEXT);
    expect(wordsOf(choice)).toBe(expected);
    expect(codesOf(choice)[0]).toBe(code);
  });
});
