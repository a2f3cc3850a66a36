import { useMediaSelector } from "media-chrome/react/media-store";
import { formatShare } from "../format.ts";
import { useFormat, useLanguage, useTexts } from "../i18n/language.tsx";
import { sentencesOf } from "../playback/film.ts";
import { ControlButton } from "./controls/control-button.tsx";
import styles from "./overlays.module.css";
import { usePlayer } from "./player-context.ts";
import { watchTexts } from "./texts.ts";

/** How the film plays, and how well it comes. Screen readers and tests find it closed, too. */
export function QualityPanel({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const texts = useTexts(watchTexts);
  const { playback } = usePlayer().film;
  return (
    <section className={styles["quality"]} hidden={!isOpen} aria-label={texts.quality} data-testid="quality">
      <header>
        <h2>{texts.quality}</h2>
        <ControlButton icon="close" label={texts.close} onClick={onClose} />
      </header>
      {isOpen && <Facts />}
      <p className={styles["reasons"]} data-testid="reasons">
        {playback === undefined ? "" : sentencesOf(playback)}
      </p>
    </section>
  );
}

function Facts() {
  const texts = useTexts(watchTexts);
  const format = useFormat();
  const bufferedSeconds = useBufferedSeconds();
  const { language } = useLanguage();
  const { torrent, file, film, durationSeconds } = usePlayer();
  const buffer = bufferedSeconds.toLocaleString(language, { maximumFractionDigits: 1 });
  const facts: [string, string | undefined][] = [
    [texts.facts.mode, film.playback && texts.modes[film.playback.mode]],
    [texts.facts.picture, usePicture()],
    [texts.facts.bitRate, file && durationSeconds ? format.bitRate(file.length / durationSeconds) : undefined],
    [texts.facts.buffer, texts.seconds(buffer)],
    [texts.facts.peers, torrent && texts.peers(torrent.connectedPeers, torrent.knownPeers)],
    [texts.facts.down, torrent && format.bitRate(torrent.downloadBytesPerSecond)],
    [texts.facts.up, torrent && format.bitRate(torrent.uploadBytesPerSecond)],
    [texts.facts.there, file && `${formatShare(file.verifiedBytes, file.length)} · ${format.bytes(file.length)}`],
  ];
  return (
    <dl>
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function useBufferedSeconds(): number {
  return (
    useMediaSelector(({ mediaBuffered = [], mediaCurrentTime = 0 }) => {
      const range = mediaBuffered.find(([start, end]) => start <= mediaCurrentTime && mediaCurrentTime <= end);
      return Math.max(0, Math.round(((range?.[1] ?? 0) - mediaCurrentTime) * 10) / 10);
    }) ?? 0
  );
}

/** `1920×1080 · h264 · 24 fps · aac`. */
function usePicture(): string | undefined {
  const { info, audio } = usePlayer().film;
  const picture = info?.tracks.find((track) => track.kind === "video");
  const sounds = info?.tracks.filter((track) => track.kind === "audio") ?? [];
  const sound = sounds.find(({ index }) => index === audio) ?? sounds[0];
  const parts = [
    picture?.widthPixels && `${picture.widthPixels}×${picture.heightPixels}`,
    picture?.codec,
    picture?.framesPerSecond && `${Math.round(picture.framesPerSecond * 1000) / 1000} fps`,
    sound?.codec,
  ];
  return parts.filter(Boolean).join(" · ") || undefined;
}
