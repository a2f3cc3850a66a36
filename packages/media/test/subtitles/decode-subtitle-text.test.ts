import { describe, expect, it } from "vitest";
import { decodeSubtitleText } from "../../src/index.ts";
import { bytes } from "../support/build.ts";

/** What people say in films, in languages that had encodings of their own: as much as a minute of a film, or less. */
const SPOKEN = {
  en: "It’s not what you think…\nI can’t believe it’s over.\n“Don’t go,” she said.",
  fr: "Où étais-tu passé ?\nJe ne sais pas ce que ça veut dire.\nC'est une très belle journée, n'est-ce pas ?",
  de: "Ich weiß nicht, was ich tun soll.\nDas ist schön für dich.\nKönnen wir jetzt gehen?",
  es: "¿Dónde está mi hermano?\nNo sé qué decir.\n¡Vámonos, rápido!\nMañana será otro día.",
  pt: "Não sei o que você está dizendo.\nIsso não é possível.\nVocê é o meu irmão.",
  sv: "Jag förstår inte vad du säger.\nÄr det sant?\nVi måste gå härifrån nu.",
  pl: "Nie wiem, co się dzieje.\nProszę, powiedz mi prawdę.\nMyślę, że to już koniec, śpij spokojnie.",
  cs: "Nevím, co mám dělat.\nKde jsi byl včera večer?\nProsím, řekni mi pravdu.\nŽe ještě přijdeš?",
  hu: "Nem tudom, mit csináljak.\nKérlek, mondd meg az igazat, őszintén.\nEz már túl sok, nem érdekel, hűha.",
  hr: "Ne znam što da radim.\nGdje si bio sinoć?\nMolim te, reci mi istinu, želim znati.\nMoramo otići odavde, čuješ?",
  sl: "Ne vem, kaj naj naredim.\nKje si bil sinoči?\nProsim te, povej mi resnico, želim vedeti.\nMoramo iti, slišiš?",
  ru: "Я не знаю, что делать.\nГде ты был вчера вечером?\nПожалуйста, скажи мне правду.",
  bg: "Не знам какво да правя.\nКъде беше снощи?\nМоля те, кажи ми истината.\nТрябва да тръгваме.",
  uk: "Я не знаю, що робити.\nДе ти був учора ввечері?\nБудь ласка, скажи мені правду.\nНам треба йти, її тут немає.",
  el: "Δεν ξέρω τι να κάνω.\nΆννα, πού ήσουν χθες το βράδυ;\nΣε παρακαλώ, πες μου την αλήθεια.",
  tr: "Ne yapacağımı bilmiyorum.\nDün gece neredeydin?\nLütfen bana doğruyu söyle.\nGitmemiz gerekiyor, şimdi.",
  he: "אני לא יודע מה לעשות.\nאיפה היית אתמול בלילה?\nבבקשה, תגיד לי את האמת.",
  ar: "لا أعرف ماذا أفعل.\nأين كنت الليلة الماضية؟\nمن فضلك قل لي الحقيقة.\nعلينا أن نذهب.",
  lt: "Aš nežinau, ką daryti.\nKur tu buvai vakar vakare?\nPrašau, pasakyk man tiesą.\nMums reikia eiti, įdomu.",
  th: "ฉันไม่รู้ว่าจะทำอะไร\nเมื่อคืนคุณอยู่ที่ไหน\nได้โปรดบอกความจริงกับฉัน",
  ja: "何をすればいいのかわからない。\n昨日の夜はどこにいたの？\nお願い、本当のことを言って。",
  "zh-Hans": "我不知道该怎么办。\n你昨晚去哪儿了？\n请告诉我真相。\n我们得走了。",
  "zh-Hant": "我不知道該怎麼辦。\n你昨晚去哪裡了？\n請告訴我真相。\n我們得走了。",
  ko: "어떻게 해야 할지 모르겠어.\n어젯밤에 어디 있었어?\n제발 진실을 말해줘.",
};

/** More than is looked at when an encoding is guessed, without anything to guess from. */
const ADVERTISEMENT = "Subtitles by somebody\r\n".repeat(4000);

function asFile(spoken: string): string {
  const cues = spoken
    .split("\n")
    .map((line, index) => `${index}\r\n00:00:0${index},1 --> 00:00:0${index},9\r\n${line}\r\n`);
  return cues.join("\r\n");
}

/** In an encoding that JavaScript only reads: what gives each character when it is read. */
function encoded(text: string, encoding: string): Uint8Array {
  const decoder = new TextDecoder(encoding);
  const codes = new Map<string, readonly number[]>();
  const note = (...code: number[]): void => {
    const character = decoder.decode(Uint8Array.from(code));
    if (Array.from(character).length === 1) codes.set(character, code);
  };
  for (let first = 0x81; first <= 0xfe; first += 1) {
    for (let second = 0x40; second <= 0xfe; second += 1) note(first, second);
  }
  for (let byte = 0; byte <= 0xff; byte += 1) note(byte);
  return bytes(...Array.from(text).flatMap((character) => codes.get(character) ?? []));
}

describe("decodeSubtitleText", () => {
  it.each<[language: keyof typeof SPOKEN, encoding: string]>([
    ["fr", "windows-1252"],
    ["de", "windows-1252"],
    ["es", "windows-1252"],
    ["pt", "windows-1252"],
    ["sv", "windows-1252"],
    ["pl", "windows-1250"],
    ["pl", "iso-8859-2"],
    ["cs", "windows-1250"],
    ["cs", "iso-8859-2"],
    ["hu", "windows-1250"],
    ["hr", "windows-1250"],
    ["sl", "windows-1250"],
    ["ru", "windows-1251"],
    ["ru", "koi8-r"],
    ["ru", "iso-8859-5"],
    ["bg", "windows-1251"],
    ["uk", "windows-1251"],
    ["el", "windows-1253"],
    ["el", "iso-8859-7"],
    ["tr", "windows-1254"],
    ["he", "windows-1255"],
    ["ar", "windows-1256"],
    ["lt", "windows-1257"],
    ["th", "windows-874"],
    ["ja", "shift_jis"],
    ["ja", "euc-jp"],
    ["zh-Hans", "gbk"],
    ["zh-Hant", "big5"],
    ["ko", "euc-kr"],
  ])("knows %s in %s", (language, encoding) => {
    const file = asFile(SPOKEN[language]);
    expect(decodeSubtitleText(bytes(ADVERTISEMENT, encoded(file, encoding)))).toBe(ADVERTISEMENT + file);
  });

  it.each(Object.entries(SPOKEN))("knows %s in UTF-8 and UTF-16, with and without a byte order mark", (_, spoken) => {
    const file = asFile(spoken);
    const utf16le = new Uint8Array(Buffer.from(file, "utf16le"));
    const utf16be = new Uint8Array(Buffer.from(file, "utf16le").swap16());
    const files = [
      new TextEncoder().encode(file),
      new TextEncoder().encode(`\ufeff${file}`),
      utf16le,
      utf16be,
      bytes(0xff, 0xfe, utf16le),
      bytes(0xfe, 0xff, utf16be),
    ];
    for (const each of files) expect(decodeSubtitleText(each)).toBe(file);
  });

  it.each([
    { title: "no bytes", data: bytes(), text: "" },
    { title: "ASCII", data: bytes("Hi --> you"), text: "Hi --> you" },
    { title: "one letter of unknown origin", data: bytes("caf\xe9"), text: "café" },
    {
      title: "UTF-8 with a damaged byte",
      data: bytes(new TextEncoder().encode("Grüße aus Österreich, schöne Füße äöü äöü"), 0xff),
      text: "Grüße aus Österreich, schöne Füße äöü äöü\ufffd",
    },
    {
      title: "punctuation of Windows",
      data: bytes(
        "It\x92s not what you think\x85 I can\x92t believe it. \x93Don\x92t go,\x94 she said \x96 for \x805.",
      ),
      text: "It’s not what you think… I can’t believe it. “Don’t go,” she said – for €5.",
    },
    { title: "a stray zero", data: bytes("Hi", 0, " you"), text: "Hi\0 you" },
    {
      title: "a Greek pilcrow for a note",
      data: encoded("¶ Δεν ξέρω τι να κάνω, Άννα ¶", "windows-1253"),
      text: "¶ Δεν ξέρω τι να κάνω, Άννα ¶",
    },
  ])("reads $title", ({ data, text }) => {
    expect(decodeSubtitleText(data)).toBe(text);
  });

  it("leaves out what is beyond any subtitles, and takes no letter that this cuts for damage", () => {
    const text = decodeSubtitleText(new TextEncoder().encode(`a${"é".repeat(6 * 1024 * 1024)}`));
    expect(text.length).toBe(5 * 1024 * 1024 + 1);
    expect(text.startsWith("aé")).toBe(true);
  });
});
