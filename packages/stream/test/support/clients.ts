import { type ClientAbilities, playbackQuestions } from "../../src/client-abilities.ts";
import type { MediaInfo } from "../../src/index.ts";

/** A browser as it answers questions. Codecs by how their names begin. */
interface Browser {
  readonly opens: readonly string[];
  readonly plays: readonly string[];
  readonly hasMse: boolean;
  readonly rest: Partial<ClientAbilities>;
}

const MP4 = ["video/mp4", "audio/mp4"];
const WEB = [...MP4, "video/webm", "audio/webm", "video/ogg", "audio/ogg", "video/x-matroska", "audio/x-matroska"];
const FREE = ["avc1", "av01", "vp09", "vp9", "vp8", "mp4a.40", "opus", "flac", "vorbis"];
/** In files only: MSE refuses both names. */
const MP3 = ["mp4a.6B", "mp3"];

/** As measured or read in `shared/notes/media.md` §4. */
const BROWSERS = {
  chromium: { opens: WEB, plays: FREE, hasMse: true, rest: { isChromium: true } },
  "chromium, HEVC": { opens: WEB, plays: [...FREE, "hvc1", "hev1"], hasMse: true, rest: { isChromium: true } },
  /** Says that it plays the sound of a Matroska file, and does not. */
  "chromium, boasting": {
    opens: WEB,
    plays: [...FREE, "ac-3", "ec-3", "dtsc", "mlpa"],
    hasMse: false,
    rest: { isChromium: true },
  },
  firefox: { opens: WEB, plays: FREE, hasMse: true, rest: { isFirefox: true } },
  safari: {
    opens: MP4,
    plays: ["avc1", "hvc1", "vp09", "mp4a.40", "ac-3", "ec-3", "opus", "flac", "alac"],
    hasMse: true,
    rest: { nativeHls: true },
  },
  iphone: {
    opens: MP4,
    plays: ["avc1", "hvc1", "mp4a.40", "ac-3", "ec-3", "flac", "alac"],
    hasMse: false,
    rest: { nativeHls: true },
  },
  television: { opens: MP4, plays: ["avc1", "hvc1", "mp4a.40", "ac-3"], hasMse: false, rest: {} },
  /** Plays nothing but what no server makes. */
  toaster: { opens: ["video/x-toast"], plays: ["toast"], hasMse: false, rest: {} },
} as const satisfies Record<string, Browser>;

export type BrowserName = keyof typeof BROWSERS;

/** What a browser answers when it is asked about a film. */
export function abilitiesOf(name: BrowserName, info: MediaInfo, rest: Partial<ClientAbilities> = {}): ClientAbilities {
  const browser: Browser = BROWSERS[name];
  const { mse, file } = playbackQuestions(info);
  const affirms = (question: string, plays: readonly string[]): boolean => {
    const [, type = "", codec = ""] = /^([^;]+); codecs="([^",]+)"$/.exec(question) ?? [];
    // Measured in Chromium 156: VP9 has a name of its own in WebM only.
    if (codec === "vp9" && !type.endsWith("/webm")) return false;
    return browser.opens.includes(type) && plays.some((prefix) => codec.startsWith(prefix));
  };
  return {
    mse: browser.hasMse ? mse.filter((question) => affirms(question, browser.plays)) : [],
    file: file.filter((question) => affirms(question, [...browser.plays, ...MP3])),
    nativeHls: false,
    ...browser.rest,
    ...rest,
  };
}
