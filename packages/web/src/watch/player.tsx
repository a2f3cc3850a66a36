import { MediaActionTypes, useMediaSelector, useMediaStore } from "media-chrome/react/media-store";
import { useCallback, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { useTorrent } from "../api/torrents.ts";
import { Chrome } from "./chrome.tsx";
import { type NextFile, nextFile } from "./next-file.ts";
import { NextUp } from "./next-up.tsx";
import { PlayerContext, type PlayerValue } from "./player-context.ts";
import { ResumedNotice } from "./resumed-notice.tsx";
import { SlowSwarm } from "./slow-swarm.tsx";
import { StartTrace } from "./start-trace.tsx";
import { SubtitleLayer } from "./subtitles/subtitle-layer.tsx";
import { useSubtitles } from "./subtitles/use-subtitles.ts";
import { useFilm } from "./use-film.ts";
import { type ShownControls, useShownControls } from "./use-shown-controls.ts";
import { type Recalled, recall, useRecalled, useSavedViewing } from "./use-viewing.ts";
import styles from "./watch-page.module.css";

interface PlayerProps {
  readonly infoHash: string;
  readonly index: number;
  readonly stage: HTMLElement;
}

/** One film, from the press to its end. */
export function Player({ infoHash, index, stage }: PlayerProps) {
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [recalling] = useState(() => recall({ infoHash, index }));
  const recalled = useRecalled(recalling);
  const controls = useShownControls(useMediaSelector(({ mediaPaused }) => mediaPaused) ?? true);
  const value = usePlayerValue({ infoHash, index, stage, video, recalling, recalled, controls });
  const next = useNext(value);
  const path = value?.file?.path;
  return (
    <>
      <Picture label={path ?? ""} stage={stage} onVideo={setVideo} />
      {value !== undefined && (
        <PlayerContext value={value}>
          <SubtitleLayer />
          <StartTrace />
          <Chrome controls={controls} playNext={next?.play} />
          <div className={styles["notices"]}>
            <ResumedNotice recalled={recalled} />
            <SlowSwarm />
            {next !== undefined && <NextUp next={next.file} onPlay={next.play} />}
          </div>
        </PlayerContext>
      )}
    </>
  );
}

interface PictureProps {
  readonly label: string;
  readonly stage: HTMLElement;
  readonly onVideo: (video: HTMLVideoElement | null) => void;
}

/** The `<video>`, and what the store of its state knows it by. */
function Picture({ label, stage, onVideo }: PictureProps) {
  const store = useMediaStore();
  const take = useCallback(
    (video: HTMLVideoElement | null) => {
      store.dispatch({ type: MediaActionTypes.MEDIA_ELEMENT_CHANGE_REQUEST, detail: video });
      const shown = video === null ? undefined : stage;
      store.dispatch({ type: MediaActionTypes.FULLSCREEN_ELEMENT_CHANGE_REQUEST, detail: shown });
      onVideo(video);
    },
    [store, stage, onVideo],
  );
  return <video ref={take} className={styles["video"]} data-testid="player" aria-label={label} playsInline />;
}

interface ValueParts extends PlayerProps {
  readonly video: HTMLVideoElement | null;
  readonly recalling: Promise<Recalled>;
  readonly recalled: Recalled | undefined;
  readonly controls: ShownControls;
}

/** Undefined until the `<video>` is there. */
function usePlayerValue(parts: ValueParts): PlayerValue | undefined {
  const { infoHash, index, stage, video, recalling, recalled, controls } = parts;
  const torrent = useTorrent(infoHash);
  const film = useFilm({ infoHash, index }, video, () => recalling);
  const subtitles = useSubtitles(film.info, { infoHash, index }, recalled?.subtitle);
  const known = useMediaSelector(({ mediaDuration }) => mediaDuration) ?? Number.NaN;
  const durationSeconds = Number.isFinite(known) && known > 0 ? known : film.info?.durationSeconds;
  const isKnown = film.info !== undefined;
  useSavedViewing({ infoHash, index }, isKnown ? video : null, {
    audio: film.audio,
    subtitle: subtitles.remembered,
  });
  const seekTo = useCallback(
    (seconds: number) => {
      if (video === null || video.readyState === HTMLMediaElement.HAVE_NOTHING) return;
      video.currentTime = Math.min(Math.max(0, seconds), video.duration);
    },
    [video],
  );
  const file = torrent?.files.find((each) => each.index === index);
  const { isShown: areControlsShown, hold: holdControls } = controls;
  if (video === null) return undefined;
  const shared = { infoHash, index, stage, video, torrent, file, film, subtitles };
  return { ...shared, durationSeconds, seekTo, areControlsShown, holdControls };
}

interface Next {
  readonly file: NextFile;
  readonly play: () => void;
}

/** What comes after the file, if anything does. */
function useNext(value: PlayerValue | undefined): Next | undefined {
  const [, navigate] = useLocation();
  const { infoHash = "", index = 0, torrent } = value ?? {};
  // Files change twice a second; which there are does not.
  const files = torrent?.files;
  const count = files?.length ?? 0;
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above
  const file = useMemo(() => (files === undefined ? undefined : nextFile(files, index)), [count, index]);
  const nextIndex = file?.index;
  const play = useCallback(() => {
    if (nextIndex !== undefined) navigate(`/watch/${infoHash}/${nextIndex}`);
  }, [navigate, infoHash, nextIndex]);
  return file && { file, play };
}
