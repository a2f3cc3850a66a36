import { MediaActionTypes, useMediaDispatch, useMediaSelector } from "media-chrome/react/media-store";
import { formatTime } from "../../format.ts";
import { useTexts } from "../../i18n/language.tsx";
import { chapterAt, type FilmChapter } from "../chapters.ts";
import { usePlayer } from "../player-context.ts";
import { watchTexts } from "../texts.ts";
import { useCast } from "../use-cast.ts";
import { ChapterMenu, SoundMenu, SpeedMenu } from "./choice-menus.tsx";
import { ControlButton } from "./control-button.tsx";
import styles from "./controls.module.css";
import { SeekBar } from "./seek-bar.tsx";
import { SubtitleMenu } from "./subtitle-menu.tsx";
import { Volume } from "./volume.tsx";

interface ControlBarProps {
  readonly chapters: readonly FilmChapter[];
  /** Undefined if nothing comes after this. */
  readonly playNext: (() => void) | undefined;
  readonly isQualityShown: boolean;
  readonly onQuality: () => void;
  readonly onHelp: () => void;
}

/** All that a film is controlled with, below its picture. */
export function ControlBar({ chapters, playNext, isQualityShown, onQuality, onHelp }: ControlBarProps) {
  const texts = useTexts(watchTexts);
  return (
    <div className={styles["bar"]} data-part="bar">
      <SeekBar chapters={chapters} />
      <div className={styles["row"]}>
        <PlayButton />
        {playNext !== undefined && (
          <ControlButton icon="next" label={texts.next} data-testid="next" onClick={playNext} />
        )}
        <Volume />
        <Clock chapters={chapters} />
        <span className={styles["space"]} />
        <SubtitleMenu />
        <SoundMenu />
        <ChapterMenu chapters={chapters} />
        <SpeedMenu />
        <ControlButton
          icon="quality"
          label={texts.quality}
          aria-pressed={isQualityShown}
          data-testid="quality-button"
          onClick={onQuality}
        />
        <ControlButton icon="keyboard" label={texts.help} className={styles["wide"]} onClick={onHelp} />
        <CastButton />
        <PictureInPictureButton />
        <FullscreenButton />
      </div>
    </div>
  );
}

function PlayButton() {
  const texts = useTexts(watchTexts);
  const dispatch = useMediaDispatch();
  const isPaused = useMediaSelector(({ mediaPaused }) => mediaPaused) ?? true;
  const isEnded = useMediaSelector(({ mediaEnded }) => mediaEnded) ?? false;
  const type = isPaused ? MediaActionTypes.MEDIA_PLAY_REQUEST : MediaActionTypes.MEDIA_PAUSE_REQUEST;
  const [icon, label] = isEnded
    ? (["replay", texts.again] as const)
    : isPaused
      ? (["play", texts.play] as const)
      : (["pause", texts.pause] as const);
  return <ControlButton icon={icon} label={label} data-testid="play-pause" onClick={() => dispatch({ type })} />;
}

/** A film may be shorter than its header says, by no more than this. */
const ROUNDED_SECONDS = 0.05;

function Clock({ chapters }: { readonly chapters: readonly FilmChapter[] }) {
  const { durationSeconds } = usePlayer();
  const seconds = useMediaSelector(({ mediaCurrentTime }) => Math.floor(mediaCurrentTime ?? 0)) ?? 0;
  const chapter = chapterAt(chapters, seconds)?.title;
  return (
    <p className={styles["clock"]} data-testid="clock">
      <span>{formatTime(seconds)}</span>
      {durationSeconds !== undefined && <span> / {formatTime(durationSeconds + ROUNDED_SECONDS)}</span>}
      {chapter !== undefined && (
        <span className={styles["chapter"]} dir="auto">
          {chapter}
        </span>
      )}
    </p>
  );
}

function CastButton() {
  const texts = useTexts(watchTexts);
  const { video, film, infoHash, index } = usePlayer();
  const { isAvailable, start } = useCast(video, film, { infoHash, index });
  return isAvailable ? <ControlButton icon="cast" label={texts.cast} data-testid="cast" onClick={start} /> : null;
}

function PictureInPictureButton() {
  const texts = useTexts(watchTexts);
  const dispatch = useMediaDispatch();
  const isOn = useMediaSelector(({ mediaIsPip }) => mediaIsPip) ?? false;
  const missing = useMediaSelector(({ mediaPipUnavailable }) => mediaPipUnavailable);
  if (missing !== undefined) return null;
  const type = isOn ? MediaActionTypes.MEDIA_EXIT_PIP_REQUEST : MediaActionTypes.MEDIA_ENTER_PIP_REQUEST;
  return (
    <ControlButton
      icon="pictureInPicture"
      label={texts.pictureInPicture}
      aria-pressed={isOn}
      className={styles["wide"]}
      onClick={() => dispatch({ type })}
    />
  );
}

function FullscreenButton() {
  const texts = useTexts(watchTexts);
  const dispatch = useMediaDispatch();
  const isOn = useMediaSelector(({ mediaIsFullscreen }) => mediaIsFullscreen) ?? false;
  const type = isOn ? MediaActionTypes.MEDIA_EXIT_FULLSCREEN_REQUEST : MediaActionTypes.MEDIA_ENTER_FULLSCREEN_REQUEST;
  return (
    <ControlButton
      icon={isOn ? "leaveFullscreen" : "enterFullscreen"}
      label={isOn ? texts.leaveFullscreen : texts.enterFullscreen}
      data-testid="fullscreen"
      onClick={() => dispatch({ type })}
    />
  );
}
