import { folded, wordsOf } from "./languages.ts";
import { describeSidecar, languageOfFolder, type SidecarDescription } from "./sidecar-name.ts";
import { type SubtitleKind, subtitleKindOf } from "./subtitle-kind.ts";

/** A file that a path leads to, with the number that its owner calls it by. */
export interface IndexedPath {
  readonly index: number;
  /** Folders and file name, parted by `/`. Untrusted. */
  readonly path: string;
}

/** A file of subtitles that goes with a video. */
export interface Sidecar extends SidecarDescription, IndexedPath {
  readonly kind: SubtitleKind;
}

/**
 * The subtitle files that belong to a video, in the order of `paths`, among all files that come with it. A file belongs to the only
 * video of its folder, or of the folder that its `Subs` folder is in, or else of all. Among several videos it belongs to the one whose
 * name it starts with (the longest, if there are some), or in whose folder below `Subs` it is, or that has the same episode number.
 */
export function sidecarsFor(videoPath: string, paths: readonly IndexedPath[]): Sidecar[] {
  const video = placeOf(videoPath);
  const films = paths.filter(({ path }) => path !== videoPath && isFilm(path)).map(({ path }) => placeOf(path));
  const shelves = new Shelves([video, ...films]);
  return paths.flatMap(({ index, path }) => {
    const kind = subtitleKindOf(path);
    if (kind === undefined) return [];
    const subtitles = placeOf(path);
    if (!shelves.ownersOf(subtitles).includes(video)) return [];
    const description = describeSidecar(subtitles.stem, video.stem);
    const language = description.language ?? languageOfFolder(subtitles.folders.at(-1) ?? "");
    return { index, path, kind, ...description, language };
  });
}

/** Longer paths than file systems take lose their start. */
const PATH_LIMIT_CHARACTERS = 4096;

interface Place {
  /** The file name without its extension. */
  readonly stem: string;
  readonly folders: readonly string[];
}

function placeOf(path: string): Place {
  const folders = path.slice(-PATH_LIMIT_CHARACTERS).split("/");
  const name = folders.pop() ?? "";
  return { stem: name.replace(/\.[^.]*$/, ""), folders };
}

const FILM = /\.(?:mkv|mk3d|webm|mp4|m4v|mov|qt|avi|divx|ts|m2ts|mts|mpe?g|vob|flv|f4v|wmv|asf|ogv|ogm|3gp)$/i;

/** Samples and trailers, which have no subtitles of their own, by folder or file name. "Trailer Park Boys" is none. */
const EXTRA = /(?:^|\/)(?:samples?|trailers?)\/|(?:^|\/)sample[^/]*$|(?:^|[^a-z])(?:sample|trailer)\.[^./]*$/i;

function isFilm(path: string): boolean {
  return FILM.test(path) && !EXTRA.test(path);
}

const SUBTITLE_FOLDER =
  /^(?:(?:all|vob|srt)?[ ._-]?(?:subs?|subtitles?|subpack)|legendas?|untertitel|sous-titres|subtitulos|字幕)$/i;

/** Videos by where they are and what they are called. */
class Shelves {
  readonly #all: readonly Place[];
  readonly #byFolder = new Map<string, Place[]>();
  readonly #byName = new Map<string, Place[]>();
  readonly #byEpisode = new Map<string, Place[]>();

  constructor(videos: readonly Place[]) {
    this.#all = videos;
    for (const video of videos) {
      const folder = folderKey(video.folders);
      put(this.#byFolder, folder, video);
      for (const scope of [folder, ANYWHERE]) {
        put(this.#byName, `${scope}\n${foldedWords(video.stem).join(" ")}`, video);
        const episode = episodeOf(video.stem);
        if (episode !== undefined) put(this.#byEpisode, `${scope}\n${episode}`, video);
      }
    }
  }

  ownersOf({ stem, folders }: Place): readonly Place[] {
    const subtitleFolder = folders.findIndex((folder) => SUBTITLE_FOLDER.test(folder));
    const home = folderKey(subtitleFolder < 0 ? folders : folders.slice(0, subtitleFolder));
    const neighbours = this.#byFolder.get(home);
    const candidates = neighbours ?? this.#all;
    if (candidates.length === 1) return candidates;
    const scope = neighbours === undefined ? ANYWHERE : home;
    const names = [stem, ...(subtitleFolder < 0 ? [] : folders.slice(subtitleFolder + 1).reverse())];
    return this.#named(scope, names) ?? this.#sameEpisode(scope, names) ?? [];
  }

  /** Those with the longest name that one of the names starts with. */
  #named(scope: string, names: readonly string[]): readonly Place[] | undefined {
    for (const words of names.map(foldedWords)) {
      for (let length = words.length; length > 0; length -= 1) {
        const owners = this.#byName.get(`${scope}\n${words.slice(0, length).join(" ")}`);
        if (owners !== undefined) return owners;
      }
    }
    return undefined;
  }

  #sameEpisode(scope: string, names: readonly string[]): readonly Place[] | undefined {
    const episode = names.map(episodeOf).find((found) => found !== undefined);
    const owners = this.#byEpisode.get(`${scope}\n${episode}`);
    return owners?.length === 1 ? owners : undefined;
  }
}

/** No folder is called so: keys of folders start with a slash. */
const ANYWHERE = "";

function folderKey(folders: readonly string[]): string {
  return `/${folders.join("/").toLowerCase()}`;
}

function foldedWords(name: string): string[] {
  return wordsOf(name).map(folded);
}

/** `S01E02` and `1x02`, as a season and an episode. */
function episodeOf(name: string): string | undefined {
  const match = /(?<![a-z\d])s(\d{1,2})[ ._-]?e(\d{1,4})/i.exec(name) ?? /(?<!\d)(\d{1,2})x(\d{2,3})(?!\d)/i.exec(name);
  return match === null ? undefined : `${Number(match[1])}x${Number(match[2])}`;
}

function put<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
