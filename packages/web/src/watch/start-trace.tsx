import { useEffect, useRef, useState } from "react";
import { showTorrent } from "../api/client.ts";
import { formatSeconds } from "../format.ts";
import { useFormat, useTexts } from "../i18n/language.tsx";
import { classes } from "./controls/control-button.tsx";
import { NextSteps } from "./next-steps.tsx";
import { usePlayer } from "./player-context.ts";
import { isAlone, PHASES, phaseOf, type StartState } from "./start-phase.ts";
import styles from "./start-trace.module.css";
import { watchTexts } from "./texts.ts";

const REFRESH_MS = 100;

/** Tells, from the press to the first picture, what is waited for, how long, and how much was downloaded for it; or why it failed. */
export function StartTrace() {
  const texts = useTexts(watchTexts);
  const { video, film, torrent, file } = usePlayer();
  const start = useStart();
  const state: StartState = {
    torrentState: torrent?.state,
    connectedPeers: torrent?.connectedPeers ?? 0,
    isWhole: file !== undefined && file.verifiedBytes >= file.length,
    isMediaKnown: film.info !== undefined,
    isOpened: film.playback !== undefined && video.networkState !== HTMLMediaElement.NETWORK_EMPTY,
  };
  const { failure } = film;
  const isStarting = failure === undefined && start.result === undefined;
  const lonely = isStarting && isAlone({ ...state, waitedMs: start.elapsedMs });
  const text = failure ?? start.result ?? start.progress(texts.phases[phaseOf(state)]);
  const kind = failure === undefined ? (isStarting ? "starting" : "started") : "failed";
  return (
    <div className={classes(styles["trace"], styles[kind])} data-state={kind} data-testid="trace-box">
      {isStarting && <PhaseBar state={state} />}
      <p className={styles["line"]} data-testid="trace" role="status" aria-live={isStarting ? "off" : "polite"}>
        {text}
      </p>
      {lonely && (
        <p className={styles["hint"]} role="status" data-testid="alone">
          {texts.alone(Math.floor(start.elapsedMs / 1000))}
        </p>
      )}
      {failure !== undefined && <NextSteps />}
    </div>
  );
}

/** How far it has come, for those who do not read. */
function PhaseBar({ state }: { readonly state: StartState }) {
  const reached = PHASES.indexOf(phaseOf(state));
  return (
    <div className={styles["phases"]} aria-hidden="true">
      {PHASES.map((phase, position) => (
        <span
          key={phase}
          className={classes(
            styles["phase"],
            position < reached && styles["done"],
            position === reached && styles["current"],
          )}
        />
      ))}
    </div>
  );
}

/** The clock and the counter of a start. */
function useStart() {
  const texts = useTexts(watchTexts);
  const format = useFormat();
  const { infoHash, torrent, video, film } = usePlayer();
  const [elapsedMs, setElapsedMs] = useState(0);
  const [result, setResult] = useState<string>();
  const first = useRef(torrent?.downloadedBytes);
  first.current ??= torrent?.downloadedBytes;
  const isOver = result !== undefined || film.failure !== undefined;
  useEffect(() => {
    if (isOver) return;
    // Whoever tries again waits anew.
    const startedMs = performance.now();
    const tick = setInterval(() => setElapsedMs(performance.now() - startedMs), REFRESH_MS);
    const ended = new AbortController();
    const show = async (): Promise<void> => {
      const elapsed = formatSeconds(performance.now() - startedMs);
      const newest = await showTorrent(infoHash).catch(() => undefined);
      if (ended.signal.aborted) return;
      const bytes = (newest?.downloadedBytes ?? 0) - (first.current ?? 0);
      setResult(texts.firstPicture(elapsed, format.bytes(Math.max(0, bytes))));
    };
    video.addEventListener("loadeddata", () => void show(), { signal: ended.signal, once: true });
    return () => {
      clearInterval(tick);
      ended.abort();
    };
  }, [isOver, infoHash, video, texts, format]);
  const progress = (phase: string): string => {
    const bytes = (torrent?.downloadedBytes ?? 0) - (first.current ?? 0);
    const downloaded = format.bytes(Math.max(0, bytes));
    return texts.progress(phase, formatSeconds(elapsedMs), downloaded, torrent?.connectedPeers ?? 0);
  };
  return { elapsedMs, result, progress };
}
