/** What a key asks of the player. Steps are signed. */
export type Command =
  | { readonly kind: "togglePlay" | "toggleMute" | "toggleFullscreen" | "toggleSubtitles" | "togglePictureInPicture" }
  | { readonly kind: "help" | "next" | "start" | "end" }
  | { readonly kind: "seekBy"; readonly seconds: number }
  | { readonly kind: "seekTo"; readonly share: number }
  | { readonly kind: "volumeBy"; readonly share: number }
  | { readonly kind: "speedBy"; readonly steps: 1 | -1 }
  | { readonly kind: "frameBy"; readonly frames: 1 | -1 };

/** What has the focus: it may have its own use for a key. */
export type KeyTarget = "text" | "slider" | "button" | "menu" | "page";

export interface PressedKey {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  /** Whether it is held down. */
  readonly repeat: boolean;
}

const SEEK_SECONDS = 5;
const FAR_SEEK_SECONDS = 10;
const VOLUME_SHARE = 0.05;
const DIGITS = 10;

/** The keys of YouTube. Undefined for keys that mean nothing here, or something to what has the focus. */
export function commandOf(pressed: PressedKey, target: KeyTarget): Command | undefined {
  if (pressed.altKey || pressed.ctrlKey || pressed.metaKey) return undefined;
  if (target === "text" || target === "menu") return undefined;
  if (target === "slider" && USED_BY_SLIDERS.has(pressed.key)) return undefined;
  if (target === "button" && USED_BY_BUTTONS.has(pressed.key)) return undefined;
  const { key, shiftKey } = pressed;
  if (/^\d$/.test(key)) return { kind: "seekTo", share: Number(key) / DIGITS };
  if (shiftKey && key.toLowerCase() === "n") return { kind: "next" };
  const command = COMMANDS.get(key.length === 1 ? key.toLowerCase() : key);
  return pressed.repeat && command !== undefined && !isRepeatable(command) ? undefined : command;
}

const USED_BY_SLIDERS: ReadonlySet<string> = new Set([
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
  "PageUp",
  "PageDown",
]);
const USED_BY_BUTTONS: ReadonlySet<string> = new Set([" ", "Enter"]);

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  [" ", { kind: "togglePlay" }],
  ["k", { kind: "togglePlay" }],
  ["j", { kind: "seekBy", seconds: -FAR_SEEK_SECONDS }],
  ["l", { kind: "seekBy", seconds: FAR_SEEK_SECONDS }],
  ["ArrowLeft", { kind: "seekBy", seconds: -SEEK_SECONDS }],
  ["ArrowRight", { kind: "seekBy", seconds: SEEK_SECONDS }],
  ["ArrowUp", { kind: "volumeBy", share: VOLUME_SHARE }],
  ["ArrowDown", { kind: "volumeBy", share: -VOLUME_SHARE }],
  ["Home", { kind: "start" }],
  ["End", { kind: "end" }],
  ["f", { kind: "toggleFullscreen" }],
  ["m", { kind: "toggleMute" }],
  ["c", { kind: "toggleSubtitles" }],
  ["p", { kind: "togglePictureInPicture" }],
  ["<", { kind: "speedBy", steps: -1 }],
  [">", { kind: "speedBy", steps: 1 }],
  [",", { kind: "frameBy", frames: -1 }],
  [".", { kind: "frameBy", frames: 1 }],
  ["?", { kind: "help" }],
]);

/** A key that is held down seeks on, and must not make a film play and pause. */
function isRepeatable({ kind }: Command): boolean {
  return kind === "seekBy" || kind === "volumeBy" || kind === "frameBy";
}

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** The next one that can be chosen, faster or slower; the same at either end. */
export function nextSpeed(speed: number, steps: 1 | -1): number {
  const faster = SPEEDS.find((each) => each > speed);
  const slower = SPEEDS.findLast((each) => each < speed);
  return (steps > 0 ? faster : slower) ?? speed;
}
