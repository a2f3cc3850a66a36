import type { MediaInfo } from "@riptide/http";

export type AudioTrack = Extract<MediaInfo["tracks"][number], { kind: "audio" }>;

/** The sound tracks that can be heard. */
export function soundsOf(info: MediaInfo | undefined): AudioTrack[] {
  const sounds = info?.tracks.filter((track) => track.kind === "audio") ?? [];
  return sounds.filter(({ codec }) => codec !== "unknown");
}

/** The one that plays if nobody chooses. */
export function firstSound(sounds: readonly AudioTrack[]): AudioTrack | undefined {
  return sounds.find(({ isDefault }) => isDefault) ?? sounds[0];
}

/** `English · Commentary · 5.1`: what the file says, and nothing that it does not. Empty if it says nothing. */
export function describeSound({ language, title, channels }: AudioTrack, uiLanguage: string): string {
  const words = [languageName(language, uiLanguage), title, CHANNEL_NAMES.get(channels ?? 0)];
  return words.filter(Boolean).join(" · ");
}

const CHANNEL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "mono"],
  [2, "stereo"],
  [6, "5.1"],
  [8, "7.1"],
]);

/** Languages are untrusted text; those that are none are shown as they are. */
export function languageName(language: string | undefined, uiLanguage: string): string | undefined {
  if (language === undefined || language === "und") return undefined;
  try {
    return new Intl.DisplayNames([uiLanguage], { type: "language" }).of(language);
  } catch {
    return language;
  }
}
