import { describe, expect, it } from "vitest";
import { cueFromPacket, DEFAULT_CUE_SECONDS } from "../../src/index.ts";
import { box, bytes, u16, zeros } from "../support/build.ts";
import { ASS_HEADER, textPacket, textTrack } from "./text-track.ts";

describe("cueFromPacket, of any text", () => {
  const srt = textTrack("srt");

  it("takes the times from the packet", () => {
    const cue = cueFromPacket(
      textTrack("srt", { timescale: 90_000 }),
      textPacket("Hi", { ptsTicks: 45_000, durationTicks: 9_000 }),
    );
    expect(cue).toEqual({ startSeconds: 0.5, endSeconds: 0.6, text: "Hi", settings: "" });
  });

  it("shows a packet without a duration for a while", () => {
    const cue = cueFromPacket(srt, textPacket("Hi", { durationTicks: undefined }));
    expect(cue).toMatchObject({ startSeconds: 1, endSeconds: 1 + DEFAULT_CUE_SECONDS });
  });

  it.each([
    { title: "no text", packet: textPacket("") },
    { title: "blank lines", packet: textPacket(" \r\n\t\n") },
    { title: "markup alone", packet: textPacket("<i></i>{\\an8}") },
    { title: "no time to show it", packet: textPacket("Hi", { durationTicks: 0 }) },
    { title: "more than a text can be", packet: textPacket(zeros(2 ** 20 + 1).fill(0x61)) },
  ])("makes no cue of a packet with $title", ({ packet }) => {
    expect(cueFromPacket(srt, packet)).toBeUndefined();
  });

  it.each(["pgs", "vobsub", "dvb", "unknown"] as const)("makes no cue of %s", (codec) => {
    expect(cueFromPacket(textTrack(codec), textPacket("Hi"))).toBeUndefined();
  });
});

describe("cueFromPacket of SRT", () => {
  it.each([
    ["plain", "plain"],
    ["Tom & Jerry <3 a --> b", "Tom &amp; Jerry &lt;3 a --&gt; b"],
    ["one\r\n\r\n\r\ntwo\n", "one\ntwo"],
    ["<i>both\nlines</i>", "<i>both\nlines</i>"],
    ["<I>a</I><b >b</b><u>c", "<i>a</i><b>b</b><u>c</u>"],
    ["<i>a<b>ab</i>b</b></u>", "<i>a<b>ab</b></i><b>b</b>"],
    ['<font color="#ff0000" face=Arial>red</font> <s>x</s>', "red x"],
    ["one<br>two<br/>three", "one\ntwo\nthree"],
    ["<unknown> <whispers>", "&lt;unknown&gt; &lt;whispers&gt;"],
    ["<i", "&lt;i"],
    ["&lt;b&gt; &amp; &#39;&#x27;&nbsp;&unknown; &#99999999;", "&lt;b&gt; &amp; ''\u00a0&amp;unknown; &amp;#99999999;"],
    ["&#10;&#13;&#10;-->&#x110000;", "--&gt;"],
    ["{\\i1}a{\\i0}b{y:i}c {not markup} {", "<i>a</i>bc {not markup} {"],
    ["a\0b\u0007c\u0085d\te", "abcd e"],
    ["\ufeffwith a byte order mark", "with a byte order mark"],
  ])("turns %j into %j", (text, payload) => {
    expect(cueFromPacket(textTrack("srt"), textPacket(text))?.text).toBe(payload);
  });

  it.each([
    ["{\\an8}top", "line:0"],
    ["{\\an5}middle", "line:50%"],
    ["{\\an1}left", "align:left"],
    ["{\\an9}top right", "line:0 align:right"],
    ["{\\a6}top, as SSA says it", "line:0"],
    ["{\\a10}middle, as SSA says it", "line:50%"],
    ["{\\a4}nowhere", ""],
    ["{\\an0}nowhere", ""],
    ["{\\an2}below", ""],
    ["{\\an8}first {\\an2}counts", "line:0"],
    ["{\\pos(10,20)\\an7}", undefined],
  ])("places %j by %j", (text, settings) => {
    expect(cueFromPacket(textTrack("srt"), textPacket(text))?.settings).toBe(settings);
  });

  it("cuts a text that nobody can read, but no character, tag or escape in two", () => {
    const cue = cueFromPacket(textTrack("srt"), textPacket(`<i>x${"\u{1f600}".repeat(20_000)}`));
    expect(cue?.text).toBe(`<i>x${"\u{1f600}".repeat(4999)}</i>`);
  });
});

describe("cueFromPacket of ASS", () => {
  const ass = textTrack("ass", { header: ASS_HEADER });

  it.each([
    ["0,0,Default,,0,0,0,,Commas, in, text", "Commas, in, text"],
    [
      "0,0,Default,,0,0,0,,{\\i1}it{\\b1}both{\\i0}bold{\\b0}\\Nnext\\nsoft\\hhard",
      "<i>it<b>both</b></i><b>bold</b>\nnext soft\u00a0hard",
    ],
    ["0,0,Default,,0,0,0,,{\\u1\\b700}heavy{\\b400}{\\u} light", "<u><b>heavy</b></u> light"],
    ["0,0,Default,,0,0,0,,{\\bord3\\blur1\\iclip(1,2,3,4)\\be1\\b1}only bold", "<b>only bold</b>"],
    ["0,0,Default,,0,0,0,,{a comment}seen{*\\i1}italic", "seen<i>italic</i>"],
    ["0,0,Default,,0,0,0,,{\\k20}ka{\\k30}ra{\\kf10}oke", "karaoke"],
    ["0,0,Default,,0,0,0,,{\\p1}m 0 0 l 10 10{\\p0}shown", "shown"],
    ["0,0,Default,,0,0,0,,left {open \\{and escaped\\} \\x", "left {open {and escaped} \\x"],
    ["0,0,Default,,0,0,0,,<tag> & --> \\N\\N\\N more", "&lt;tag&gt; &amp; --&gt; \n more"],
    [
      "0,0,Thoughts,,0,0,0,,styled {\\i0}plain{\\i} styled {\\i0}plain{\\r} styled",
      "<i>styled </i>plain<i> styled </i>plain<i> styled</i>",
    ],
    ["0,0,*thoughts ,,0,0,0,,marked by SSA", "<i>marked by SSA</i>"],
    ["0,0,Missing,,0,0,0,,no such style", "no such style"],
    ["0,,Default,Olly,,,,,Fields left empty", "Fields left empty"],
  ])("turns %j into %j", (block, payload) => {
    expect(cueFromPacket(ass, textPacket(block))?.text).toBe(payload);
  });

  it.each([
    ["0,0,Sign,,0,0,0,,by style", "line:0 align:left"],
    ["0,0,Sign,,0,0,0,,{\\an2}by override", ""],
    ["0,0,Default,,0,0,0,,{\\pos(320,20)\\an8}top", "line:0"],
  ])("places %j by %j", (block, settings) => {
    expect(cueFromPacket(ass, textPacket(block))?.settings).toBe(settings);
  });

  it.each([
    ["0,0,Default,,0,0,0,,{\\p1}m 0 0 l 10 10", "a drawing"],
    ["0,0,Default,,0,0,0,,", "no text"],
    ["0,0,Default,,0,0", "too few fields"],
  ])("makes no cue of %j: %s", (block) => {
    expect(cueFromPacket(ass, textPacket(block))).toBeUndefined();
  });

  it("reads the alignments of SSA in its own way", () => {
    const header = "[V4 Styles]\nFormat: Name, Alignment\nStyle: Top,6\nStyle: Middle,9\nStyle: Broken,99\n";
    const settings = ["Top", "Middle", "Broken"].map(
      (style) => cueFromPacket(textTrack("ass", { header }), textPacket(`0,,${style},,0,0,0,,Hi`))?.settings,
    );
    expect(settings).toEqual(["line:0", "line:50% align:left", ""]);
  });
});

describe("cueFromPacket of WebVTT", () => {
  it.each([
    ["S_TEXT/WEBVTT", "<v Ann>Hi &amp; <c.loud>bye</c>", "<v Ann>Hi &amp; <c.loud>bye</c>", ""],
    ["S_TEXT/WEBVTT", "one\n\n00:00.000 --> 00:01.000\ntwo", "one\n00:00.000 --&gt; 00:01.000\ntwo", ""],
    ["D_WEBVTT/SUBTITLES", "id 7\nline:0 region:r --> align:left\nHi\nthere", "Hi\nthere", "line:0 align:left"],
    ["D_WEBVTT/SUBTITLES", "\n\nHi", "Hi", ""],
  ])("of %s turns %j into %j", (codecTag, block, text, settings) => {
    expect(cueFromPacket(textTrack("webvtt", { codecTag }), textPacket(block))).toMatchObject({ text, settings });
  });

  it("takes a sample of MP4 apart", () => {
    const cues = [
      box("vttc", box("iden", "1"), box("sttg", "line:0"), box("payl", "One")),
      box("vttc", box("payl", "<i>Two</i>\n\n")),
    ];
    const track = textTrack("webvtt", { codecTag: "wvtt" });
    expect(cueFromPacket(track, textPacket(bytes(...cues)))).toMatchObject({
      text: "One\n<i>Two</i>",
      settings: "line:0",
    });
    expect(cueFromPacket(track, textPacket(box("vtte")))).toBeUndefined();
  });
});

/** A sample of timed text. */
function sample(text: Uint8Array, ...boxes: Uint8Array[]): Uint8Array {
  return bytes(u16(text.length), text, ...boxes);
}

/** A style record: characters and face flags. */
function record(start: number, end: number, flags: number): Uint8Array {
  return bytes(u16(start), u16(end), u16(1), flags, 18, zeros(4).fill(0xff));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe("cueFromPacket of timed text", () => {
  const track = textTrack("mov_text");

  it.each([
    { title: "UTF-8", data: sample(utf8("Grüße & <b>")), text: "Grüße &amp; &lt;b&gt;" },
    { title: "UTF-16", data: sample(bytes(0xfe, 0xff, 0, "H", 0, "i")), text: "Hi" },
    { title: "UTF-16 the other way round", data: sample(bytes(0xff, 0xfe, "H", 0, "i", 0)), text: "Hi" },
    { title: "a text shorter than it says", data: bytes(u16(50), "Hi"), text: "Hi" },
    {
      title: "styles, counted in characters",
      data: sample(utf8("\u{1f600} bold it"), box("styl", u16(2), record(2, 6, 1), record(7, 9, 6))),
      text: "\u{1f600} <b>bold</b> <i><u>it</u></i>",
    },
    {
      title: "styles that overlap, go on beyond the text or are cut off",
      data: sample(
        utf8("abcdef"),
        box("styl", u16(9), record(1, 3, 2), record(2, 4, 1), record(5, 99, 4), bytes(1, 2, 3)),
      ),
      text: "a<i>bc</i>de<u>f</u>",
    },
  ])("reads $title", ({ data, text }) => {
    expect(cueFromPacket(track, textPacket(data))?.text).toBe(text);
  });

  it.each([{ data: zeros(2) }, { data: zeros(1) }, { data: zeros(0) }])(
    "makes no cue of the gaps between",
    ({ data }) => {
      expect(cueFromPacket(track, textPacket(data))).toBeUndefined();
    },
  );
});
