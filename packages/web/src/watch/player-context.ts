import type { Torrent, TorrentFile } from "@riptide/http";
import { createContext, useContext } from "react";
import type { SubtitleChoice } from "./subtitles/use-subtitles.ts";
import type { FilmState } from "./use-film.ts";

/** What the parts of the player know of the film that plays, and what they can do with it. */
export interface PlayerValue {
  readonly infoHash: string;
  readonly index: number;
  /** Undefined while the server has not told of it. */
  readonly torrent: Torrent | undefined;
  readonly file: TorrentFile | undefined;
  readonly video: HTMLVideoElement;
  /** What is shown in full screen: menus must be inside of it. */
  readonly stage: HTMLElement;
  readonly film: FilmState;
  readonly subtitles: SubtitleChoice;
  /** Undefined if nothing tells how long it is. */
  readonly durationSeconds: number | undefined;
  readonly seekTo: (seconds: number) => void;
  /** Whether somebody looks at the controls. */
  readonly areControlsShown: boolean;
  /** Keeps the controls on the screen while something of them is open. */
  readonly holdControls: (isHeld: boolean) => void;
}

export const PlayerContext = createContext<PlayerValue | undefined>(undefined);

export function usePlayer(): PlayerValue {
  const value = useContext(PlayerContext);
  if (value === undefined) throw new Error("There is no player above.");
  return value;
}
