import { MediaActionTypes, useMediaStore } from "media-chrome/react/media-store";
import { useCallback, useEffect, useRef } from "react";
import type { IconName } from "./icons.tsx";
import { type Command, nextSpeed } from "./keys.ts";

/** What a command did, to be shown for a moment. */
export interface Feedback {
  readonly icon: IconName | undefined;
  readonly text: string;
}

export interface CommandWorld {
  readonly video: HTMLVideoElement;
  readonly durationSeconds: number | undefined;
  readonly framesPerSecond: number | undefined;
  readonly seekTo: (seconds: number) => void;
  readonly toggleSubtitles: () => void;
  readonly playNext: () => void;
  readonly showHelp: () => void;
}

type MediaState = ReturnType<ReturnType<typeof useMediaStore>["getState"]>;
interface Doing extends CommandWorld {
  readonly state: MediaState;
  readonly dispatch: (type: string, detail?: unknown) => void;
}

/** Does what a key asks for, and tells what is to be seen of it; undefined where that is plain to see. */
export function useCommands(world: CommandWorld): (command: Command) => Feedback | undefined {
  const store = useMediaStore();
  const latest = useRef(world);
  useEffect(() => {
    latest.current = world;
  });
  return useCallback(
    (command) => {
      const dispatch = (type: string, detail?: unknown): void => store.dispatch({ type, detail });
      return execute(command, { ...latest.current, state: store.getState(), dispatch });
    },
    [store],
  );
}

function execute(command: Command, doing: Doing): Feedback | undefined {
  const { video, durationSeconds, seekTo } = doing;
  switch (command.kind) {
    case "seekBy":
      seekTo(video.currentTime + command.seconds);
      return { icon: undefined, text: signed(command.seconds) };
    case "seekTo":
      if (durationSeconds !== undefined) seekTo(command.share * durationSeconds);
      return undefined;
    case "start":
      seekTo(0);
      return undefined;
    case "end":
      if (durationSeconds !== undefined) seekTo(durationSeconds);
      return undefined;
    case "frameBy":
      stepFrames(command.frames, doing);
      return undefined;
    case "next":
      doing.playNext();
      return undefined;
    case "help":
      doing.showHelp();
      return undefined;
    case "toggleSubtitles":
      doing.toggleSubtitles();
      return undefined;
    case "togglePlay":
    case "toggleMute":
    case "toggleFullscreen":
    case "togglePictureInPicture":
      return toggle(command.kind, doing);
    case "volumeBy":
    case "speedBy":
      return adjust(command, doing);
  }
}

type Toggle = "togglePlay" | "toggleMute" | "toggleFullscreen" | "togglePictureInPicture";

/** The state of the element itself: keys come faster than a store tells. */
function toggle(kind: Toggle, { state, video, dispatch }: Doing): Feedback | undefined {
  const [isOn, off, on] = {
    togglePlay: [!video.paused, MediaActionTypes.MEDIA_PAUSE_REQUEST, MediaActionTypes.MEDIA_PLAY_REQUEST] as const,
    toggleMute: [video.muted, MediaActionTypes.MEDIA_UNMUTE_REQUEST, MediaActionTypes.MEDIA_MUTE_REQUEST] as const,
    toggleFullscreen: [
      state.mediaIsFullscreen === true,
      MediaActionTypes.MEDIA_EXIT_FULLSCREEN_REQUEST,
      MediaActionTypes.MEDIA_ENTER_FULLSCREEN_REQUEST,
    ] as const,
    togglePictureInPicture: [
      state.mediaIsPip === true,
      MediaActionTypes.MEDIA_EXIT_PIP_REQUEST,
      MediaActionTypes.MEDIA_ENTER_PIP_REQUEST,
    ] as const,
  }[kind];
  dispatch(isOn ? off : on);
  if (kind === "togglePlay") return { icon: isOn ? "pause" : "play", text: "" };
  if (kind === "toggleMute") return { icon: isOn ? "volumeHigh" : "muted", text: "" };
  return undefined;
}

function adjust(command: Extract<Command, { kind: "volumeBy" | "speedBy" }>, doing: Doing): Feedback {
  const { video, dispatch } = doing;
  if (command.kind === "speedBy") {
    const speed = nextSpeed(video.playbackRate, command.steps);
    dispatch(MediaActionTypes.MEDIA_PLAYBACK_RATE_REQUEST, speed);
    return { icon: "speed", text: `${speed}×` };
  }
  const volume = Math.min(1, Math.max(0, video.volume + command.share));
  dispatch(MediaActionTypes.MEDIA_VOLUME_REQUEST, volume);
  return { icon: "volumeHigh", text: `${Math.round(volume * 100)} %` };
}

const USUAL_FRAMES_PER_SECOND = 24;

/** To the middle of the next picture: at its very start a browser shows the one before. */
function stepFrames(frames: number, { video, framesPerSecond = USUAL_FRAMES_PER_SECOND, seekTo }: Doing): void {
  if (!video.paused) return;
  const frame = Math.floor(video.currentTime * framesPerSecond + ROUNDED_FRAMES);
  seekTo((frame + frames + 0.5) / framesPerSecond);
}

const ROUNDED_FRAMES = 0.01;

function signed(seconds: number): string {
  return seconds > 0 ? `+${seconds} s` : `−${Math.abs(seconds)} s`;
}
