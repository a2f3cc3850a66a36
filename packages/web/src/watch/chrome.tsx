import { useMediaSelector } from "media-chrome/react/media-store";
import { useCallback, useMemo, useState } from "react";
import { Link } from "wouter";
import { useTexts } from "../i18n/language.tsx";
import { cleanName } from "../library/clean-name.ts";
import { ControlBar } from "./controls/control-bar.tsx";
import { classes } from "./controls/control-button.tsx";
import { FeedbackBubble, useFeedback } from "./feedback-bubble.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { Icon } from "./icons.tsx";
import type { Command } from "./keys.ts";
import { displayName } from "./next-file.ts";
import { usePlayer } from "./player-context.ts";
import { QualityPanel } from "./quality-panel.tsx";
import { OFF } from "./subtitles/use-subtitles.ts";
import { Surface } from "./surface.tsx";
import { watchTexts } from "./texts.ts";
import { useChapters } from "./use-chapters.ts";
import { useCommands } from "./use-commands.ts";
import { useKeyboard } from "./use-keyboard.ts";
import { useMediaSession } from "./use-media-session.ts";
import type { ShownControls } from "./use-shown-controls.ts";
import styles from "./watch-page.module.css";

interface ChromeProps {
  readonly controls: ShownControls;
  readonly playNext: (() => void) | undefined;
}

/** What lies around and over the picture: it comes when somebody moves, and goes when they watch. */
export function Chrome({ controls, playNext }: ChromeProps) {
  const texts = useTexts(watchTexts);
  const { video, torrent, film, seekTo } = usePlayer();
  const [isQualityShown, setIsQualityShown] = useState(false);
  const [isHelpShown, setIsHelpShown] = useState(false);
  const hasPicture = useMediaSelector(({ mediaHasPlayed }) => mediaHasPlayed) ?? false;
  const chapters = useChapters(hasPicture);
  const { feedback, tell } = useFeedback();
  const title = useFilmTitle();
  const doCommand = useCommands(useCommandWorld(playNext, () => setIsHelpShown(true)));
  const { show } = controls;
  const run = useCallback(
    (command: Command) => {
      tell(doCommand(command));
      show();
    },
    [doCommand, tell, show],
  );
  useKeyboard(run);
  useMediaSession(video, { title, album: torrent?.name ?? "" }, { run, seekTo, playNext });
  return (
    <div
      className={classes(styles["chrome"], !controls.isShown && styles["asleep"])}
      data-shown={controls.isShown}
      data-testid="controls"
      onPointerMove={({ pointerType }) => pointerType === "mouse" && show()}
      onFocus={show}
    >
      <Surface controls={controls} run={run} />
      <header className={styles["top"]}>
        <Link href="/" className={styles["back"]} data-testid="close-player" aria-label={texts.back}>
          <Icon name="back" />
        </Link>
        <h1 dir="auto">{title}</h1>
      </header>
      <FeedbackBubble feedback={feedback} />
      <QualityPanel isOpen={isQualityShown} onClose={() => setIsQualityShown(false)} />
      {film.failure === undefined && (
        <ControlBar
          chapters={chapters}
          playNext={playNext}
          isQualityShown={isQualityShown}
          onQuality={() => setIsQualityShown(!isQualityShown)}
          onHelp={() => setIsHelpShown(true)}
        />
      )}
      <HelpDialog isOpen={isHelpShown} onClose={() => setIsHelpShown(false)} />
    </div>
  );
}

function useFilmTitle(): string {
  const { file, torrent } = usePlayer();
  const name = file?.path.split("/").at(-1);
  return useMemo(
    () => (name === undefined ? (torrent?.name ?? "") : displayName(cleanName(name)) || name),
    [name, torrent?.name],
  );
}

function useCommandWorld(playNext: (() => void) | undefined, showHelp: () => void) {
  const { video, durationSeconds, film, subtitles, seekTo } = usePlayer();
  const [lastShown, setLastShown] = useState<string>();
  const shownId = subtitles.shown?.id;
  if (shownId !== undefined && shownId !== lastShown) setLastShown(shownId);
  const picture = film.info?.tracks.find((track) => track.kind === "video");
  const toggleSubtitles = (): void => {
    const id = lastShown ?? subtitles.sources[0]?.id;
    if (shownId !== undefined) subtitles.choose(OFF);
    else if (id !== undefined) subtitles.choose(id);
  };
  return {
    video,
    durationSeconds,
    framesPerSecond: picture?.framesPerSecond,
    seekTo,
    toggleSubtitles,
    playNext: () => playNext?.(),
    showHelp,
  };
}
