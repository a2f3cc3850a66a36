import type { MediaInfo } from "@riptide/http";
import { element } from "./element.ts";

type AudioTrack = Extract<MediaInfo["tracks"][number], { kind: "audio" }>;

/** Lets one choose among the sound tracks of a film; there is nothing to see where there are not several. */
export class SoundChoice {
  readonly root = element("label", { className: "sounds", hidden: true }, "Sound ");
  readonly #select = element("select", { testId: "sound" });

  constructor(choose: (audio: number) => void) {
    this.root.append(this.#select);
    this.#select.addEventListener("change", () => choose(Number(this.#select.value)));
  }

  show({ tracks }: MediaInfo): void {
    const sounds = tracks.filter((track) => track.kind === "audio").filter(({ codec }) => codec !== "unknown");
    if (sounds.length < 2 || this.#select.length > 0) return;
    const first = sounds.find(({ isDefault }) => isDefault) ?? sounds[0];
    for (const track of sounds) {
      this.#select.add(new Option(describe(track), String(track.index), track === first, track === first));
    }
    this.root.hidden = false;
  }
}

/** `English · Commentary · 5.1`: what the file says, and nothing that it does not. */
function describe({ index, language, title, channels }: AudioTrack): string {
  const words = [languageName(language), title, CHANNEL_NAMES.get(channels ?? 0)].filter(Boolean);
  return words.length === 0 ? `Track ${index + 1}` : words.join(" · ");
}

const CHANNEL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "mono"],
  [2, "stereo"],
  [6, "5.1"],
  [8, "7.1"],
]);

/** Languages are untrusted text; those that are none are shown as they are. */
function languageName(language: string | undefined): string | undefined {
  if (language === undefined || language === "und") return undefined;
  try {
    return LANGUAGE_NAMES.of(language);
  } catch {
    return language;
  }
}

const LANGUAGE_NAMES = new Intl.DisplayNames(["en"], { type: "language" });
