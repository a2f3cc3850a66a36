import { useMediaSelector } from "media-chrome/react/media-store";
import { type PointerEvent, useRef } from "react";
import { useTexts } from "../i18n/language.tsx";
import { Icon } from "./icons.tsx";
import type { Command } from "./keys.ts";
import { usePlayer } from "./player-context.ts";
import { Taps } from "./taps.ts";
import { watchTexts } from "./texts.ts";
import type { ShownControls } from "./use-shown-controls.ts";
import { useWait } from "./use-wait.ts";
import styles from "./watch-page.module.css";

interface SurfaceProps {
  readonly controls: ShownControls;
  readonly run: (command: Command) => void;
}

/** A finger that moves further than this does not tap. */
const MOVED_PIXELS = 12;

/**
 * The picture as something to press: a click plays or pauses, a double one fills the screen; a tap shows the controls, two at a side seek.
 * Keys do all of it, too.
 */
export function Surface({ controls, run }: SurfaceProps) {
  const taps = useRef(new Taps());
  const down = useRef<{ readonly x: number; readonly y: number }>(undefined);
  const press = ({ clientX, clientY }: PointerEvent): void => {
    down.current = { x: clientX, y: clientY };
  };
  const lift = (event: PointerEvent<HTMLElement>): void => {
    const { clientX, clientY, currentTarget, timeStamp, pointerType } = event;
    const from = down.current;
    if (pointerType === "mouse" || from === undefined) return;
    if (Math.hypot(clientX - from.x, clientY - from.y) > MOVED_PIXELS) return;
    const { left, width } = currentTarget.getBoundingClientRect();
    const gesture = taps.current.tap(timeStamp, (clientX - left) / width);
    if (gesture.kind === "seekBy") run({ kind: "seekBy", seconds: gesture.seconds });
    else controls.toggle();
  };
  return (
    <>
      <div
        className={styles["surface"]}
        data-testid="surface"
        onPointerDown={press}
        onPointerUp={lift}
        onClick={(event) => isMouse(event) && run({ kind: "togglePlay" })}
        onDoubleClick={(event) => isMouse(event) && run({ kind: "toggleFullscreen" })}
      />
      <Centre run={run} />
    </>
  );
}

/** Fingers tell of what they do by themselves. */
function isMouse({ nativeEvent }: { readonly nativeEvent: MouseEvent }): boolean {
  return !(nativeEvent instanceof globalThis.PointerEvent) || nativeEvent.pointerType === "mouse";
}

/** A wait that is worth to be shown. */
const WAITED_MS = 500;

/** In the middle of the picture: that it waits, or a large button for fingers, and for browsers that want one more click. */
function Centre({ run }: { readonly run: (command: Command) => void }) {
  const texts = useTexts(watchTexts);
  const { video, film } = usePlayer();
  const isPaused = useMediaSelector(({ mediaPaused }) => mediaPaused) ?? true;
  const hasPlayed = useMediaSelector(({ mediaHasPlayed }) => mediaHasPlayed) ?? false;
  const isWaiting = useWait(video).nowMs >= WAITED_MS;
  if (film.failure !== undefined) return null;
  if (isWaiting) return <div className={styles["spinner"]} data-testid="waiting" />;
  if (!hasPlayed && (!isPaused || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA)) return null;
  return (
    <button
      type="button"
      className={styles["centre"]}
      data-first={!hasPlayed}
      data-testid="centre-play"
      aria-label={isPaused ? texts.play : texts.pause}
      onClick={() => run({ kind: "togglePlay" })}
    >
      <Icon name={isPaused ? "play" : "pause"} />
    </button>
  );
}
