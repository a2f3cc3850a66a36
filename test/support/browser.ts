import { type Browser, chromium } from "playwright-core";

/** Debian's Chromium, the headless shell of it, that calls nobody but us. `words` are for its command line. */
export async function launchBrowser(...words: readonly string[]): Promise<Browser> {
  return await chromium.launch({
    executablePath: "/usr/bin/chromium-headless-shell",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
      ...words,
    ],
  });
}

/** Of a page that is not asked how it looks: without a graphics card a film that is shown costs by the pixel, three times as much in a window of the usual size. */
export const SMALL_WINDOW = { viewport: { width: 480, height: 320 } } as const;

/** Runs in a page before anything else, and makes Chromium like most browsers, which open no Matroska files. */
export const OPENS_NO_MATROSKA = `{
  const { canPlayType } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.canPlayType = function (type) {
    return type.includes("matroska") ? "" : canPlayType.call(this, type);
  };
}`;

/** As above; makes Chromium like a television set, which plays MP4 and nothing in segments. */
export const PLAYS_MP4_ONLY = `{
  const { canPlayType } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.canPlayType = function (type) {
    return /^(video|audio)\\/mp4/.test(type) ? canPlayType.call(this, type) : "";
  };
  delete globalThis.MediaSource;
  delete globalThis.ManagedMediaSource;
}`;
