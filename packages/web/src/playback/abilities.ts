import type { ClientAbilities, MediaInfo } from "@riptide/http";

/** What this browser says to the questions about a file, and what it is. */
export function abilitiesFor({ mse, file }: MediaInfo["questions"]): ClientAbilities {
  const source = mediaSource();
  const video = document.createElement("video");
  return {
    mse: mse.filter((type) => source?.isTypeSupported(type)),
    file: file.filter((type) => video.canPlayType(type) !== ""),
    nativeHls: video.canPlayType(HLS_TYPE) !== "",
    isChromium: /\bChrom(e|ium)\//.test(navigator.userAgent),
    isFirefox: /\bFirefox\//.test(navigator.userAgent),
  };
}

/** What segments are appended to, if there is such a thing: Safari on phones has only the managed one. */
export function mediaSource(): typeof MediaSource | undefined {
  const { MediaSource: whole, ManagedMediaSource: managed } = globalThis as MediaSources;
  return whole ?? managed;
}

type MediaSources = Partial<Record<"MediaSource" | "ManagedMediaSource", typeof MediaSource>>;

const HLS_TYPE = "application/vnd.apple.mpegurl";
