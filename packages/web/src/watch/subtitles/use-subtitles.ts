import type { MediaInfo } from "@riptide/http";
import { useCallback, useMemo, useState } from "react";
import { authorized } from "../../api/client.ts";
import { convertSubtitles } from "../../api/watching.ts";
import { useLanguage } from "../../i18n/language.tsx";
import { firstSound, soundsOf } from "../tracks.ts";
import { forcedSource, type SubtitleSource, sourcesOf } from "./sources.ts";

/** What is remembered of those who want none. */
export const OFF = "off";

interface SubtitleLook {
  /** Of the usual size. */
  readonly sizePercent: number;
  /** How far above their usual place, in percent of the picture's height. */
  readonly raisedPercent: number;
}

export interface SubtitleChoice {
  readonly sources: readonly SubtitleSource[];
  /** Undefined if none is shown. */
  readonly shown: SubtitleSource | undefined;
  /** What is remembered of the choice; undefined if nobody has chosen, or a file that only this page has. */
  readonly remembered: string | undefined;
  readonly look: SubtitleLook;
  /** By how much later than the film says. */
  readonly delaySeconds: number;
  /** An identifier of a source, or `OFF`. */
  readonly choose: (id: string) => void;
  readonly setLook: (look: SubtitleLook) => void;
  readonly setDelaySeconds: (seconds: number) => void;
  /** Shows a file of the user's. Rejects with an `Error` whose message is a sentence. */
  readonly upload: (file: File) => Promise<void>;
}

/** The subtitles of a film: which there are, which are shown, and how. `recalled` is what was chosen when it was watched before. */
export function useSubtitles(
  info: MediaInfo | undefined,
  file: { readonly infoHash: string; readonly index: number },
  recalled: string | undefined,
): SubtitleChoice {
  const { infoHash, index } = file;
  const { language } = useLanguage();
  const [uploaded, setUploaded] = useState<readonly SubtitleSource[]>([]);
  const [chosen, setChosen] = useState<string>();
  const [look, keepLook] = useState(storedLook);
  const [delaySeconds, setDelaySeconds] = useState(0);
  const sources = useMemo(() => {
    const own = info === undefined ? [] : sourcesOf(info, { infoHash, index }, language, authorized);
    return [...own, ...uploaded];
  }, [info, infoHash, index, language, uploaded]);
  const setLook = useCallback((next: SubtitleLook) => {
    localStorage.setItem(LOOK_STORED_AS, JSON.stringify(next));
    keepLook(next);
  }, []);
  const upload = useCallback(async (given: File) => {
    const source = await uploadedSource(given);
    setUploaded((before) => [...before, source]);
    setChosen(source.id);
  }, []);
  const choice = chosen ?? recalled;
  const forced = forcedSource(sources, firstSound(soundsOf(info))?.language);
  const shown = choice === undefined ? forced : sources.find(({ id }) => id === choice);
  const remembered = choice === undefined || choice.startsWith(UPLOADED) ? undefined : choice;
  return { sources, shown, remembered, look, delaySeconds, choose: setChosen, setLook, setDelaySeconds, upload };
}

const UPLOADED = "upload-";

async function uploadedSource(file: File): Promise<SubtitleSource> {
  const common = { id: `${UPLOADED}${crypto.getRandomValues(new Uint32Array(1))[0]}`, label: file.name };
  const description = { ...common, language: undefined, isForced: false };
  if (/\.sup$/i.test(file.name)) return { ...description, text: undefined, drawn: { kind: "pgs", from: { file } } };
  const vtt = await convertSubtitles(file, new AbortController().signal);
  const text = { file: new Blob([vtt], { type: "text/vtt" }) };
  const isScript = /\.(ass|ssa)$/i.test(file.name);
  return { ...description, text, drawn: isScript ? { kind: "ass", from: { file } } : undefined };
}

const LOOK_STORED_AS = "riptide.subtitles";
const USUAL_LOOK: SubtitleLook = { sizePercent: 100, raisedPercent: 0 };
export const SIZES_PERCENT = { min: 50, max: 250 } as const;
export const RAISED_PERCENT = { min: 0, max: 80 } as const;

/** What is stored may be anything. */
function storedLook(): SubtitleLook {
  try {
    const stored: Partial<SubtitleLook> = JSON.parse(localStorage.getItem(LOOK_STORED_AS) ?? "{}");
    return {
      sizePercent: within(stored.sizePercent, SIZES_PERCENT) ?? USUAL_LOOK.sizePercent,
      raisedPercent: within(stored.raisedPercent, RAISED_PERCENT) ?? USUAL_LOOK.raisedPercent,
    };
  } catch {
    return USUAL_LOOK;
  }
}

function within(value: unknown, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
  return typeof value === "number" && value >= min && value <= max ? value : undefined;
}
