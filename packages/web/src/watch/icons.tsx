/** Icons of the player: drawn on 24 by 24, in the colour of their text. Their buttons have names. */
const PATHS = {
  play: "M8 5.2v13.6c0 .8.9 1.3 1.6.8l10-6.8c.6-.4.6-1.2 0-1.6l-10-6.8C8.9 3.9 8 4.4 8 5.2z",
  pause: "M7 5h3.2v14H7zM13.8 5H17v14h-3.2z",
  replay: "M12 5V1.8L7.3 6.5 12 11.2V8a5.5 5.5 0 1 1-5.3 7H4.2A8 8 0 1 0 12 5z",
  next: "M5.5 5.6v12.8c0 .7.8 1.1 1.3.7l8.7-6.4c.5-.4.5-1 0-1.4L6.8 4.9c-.5-.4-1.3 0-1.3.7zM16.5 5H19v14h-2.5z",
  back: "M20 11H7.8l5.3-5.3L11.7 4.3 4 12l7.7 7.7 1.4-1.4L7.8 13H20z",
  volumeHigh:
    "M4 9v6h3.8L13 19.5v-15L7.8 9zm11-1.6v9.2a5 5 0 0 0 0-9.2zm0-4.1v2.2a7 7 0 0 1 0 13v2.2a9 9 0 0 0 0-17.4z",
  volumeLow: "M4 9v6h3.8L13 19.5v-15L7.8 9zm11-1.6v9.2a5 5 0 0 0 0-9.2z",
  muted: "M4 9v6h3.8L13 19.5v-15L7.8 9zm17.4.9L20 8.5l-2 2-2-2-1.4 1.4 2 2-2 2L16 15.4l2-2 2 2 1.4-1.4-2-2z",
  speed:
    "M12 5a9 9 0 0 0-7.5 14h15A9 9 0 0 0 12 5zm6.3 12H5.7a7 7 0 0 1 9.6-9.2l-3.6 5.4a2 2 0 1 0 2.8 2.2l3.5-5.2A7 7 0 0 1 18.3 17z",
  sound: "M12 3v10.6A3.6 3.6 0 1 0 14 17V7h5V3z",
  subtitles:
    "M4 5h16a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 20 19H4a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 4 5zm.5 2v10h15V7zM6.5 13.5h7v2h-7zm9 0h2v2h-2zM6.5 10h3v2h-3zm5 0h6v2h-6z",
  chapters: "M4 6h2v2H4zm0 5h2v2H4zm0 5h2v2H4zM8.5 6H20v2H8.5zm0 5H20v2H8.5zm0 5H20v2H8.5z",
  quality: "M4 19V11h3.5v8zm6.2 0V5h3.6v14zM16.5 19v-5.5H20V19z",
  cast: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1h-5v-2h4V7H5v3H3V6a1 1 0 0 1 1-1zM3 12a7 7 0 0 1 7 7H8a5 5 0 0 0-5-5zm0 4a3 3 0 0 1 3 3H3z",
  pictureInPicture:
    "M4 5h16a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 20 19H4a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 4 5zm.5 2v10h15V7zm7 4.5h6.5V16h-6.5z",
  enterFullscreen: "M5 5h6v2H7v4H5zm8 0h6v6h-2V7h-4zM5 13h2v4h4v2H5zm12 0h2v6h-6v-2h4z",
  leaveFullscreen: "M9 5h2v6H5V9h4zm4 0h2v4h4v2h-6zM5 13h6v6H9v-4H5zm8 0h6v2h-4v4h-2z",
  close: "M6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6L19 6.4 17.6 5 12 10.6z",
  check: "M9.5 16.2 5.3 12l-1.4 1.4 5.6 5.6L20.5 8l-1.4-1.4z",
  keyboard:
    "M4 6h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 18H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 6zm.5 2v8h15V8zM6 9.5h2v2H6zm3.3 0h2v2h-2zm3.4 0h2v2h-2zm3.3 0h2v2h-2zM8 13h8v1.8H8z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" fill="currentColor" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
