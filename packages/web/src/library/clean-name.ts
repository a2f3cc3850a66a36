/** What the name of a release says, for people. */
export interface CleanName {
  /** Without dots, tags and groups; where nothing is recognised, the name itself without the extension of a film. */
  readonly title: string;
  readonly year?: number;
  readonly season?: number;
  readonly episode?: number;
  /** Of the episode. */
  readonly subtitle?: string;
  /** As `1080p`. */
  readonly resolution?: string;
  readonly isHighDynamicRange?: boolean;
}

/** Longer names are shown as they are: file systems allow 255 bytes, and nobody names a release like that. */
const NAME_CHARACTERS_MAX = 255;

/** Reads the name of a torrent or a file as releases are named: `The.Film.2019.1080p.BluRay.x264-GRP`. */
export function cleanName(name: string): CleanName {
  const stem = withoutExtension(name);
  if (name.length > NAME_CHARACTERS_MAX) return { title: stem };
  const words = spaced(withoutSite(stem));
  const tag = TAG.exec(words);
  const episode = EPISODE.exec(words) ?? SEASONS.exec(words) ?? SEASON.exec(words);
  const head = words.slice(0, Math.min(tag?.index ?? words.length, episode?.index ?? words.length));
  const year = lastYear(head) ?? yearBehind(words, episode, tag);
  if (tag === null && episode === null && year === undefined) return { title: stem };
  const title = tidy(year === undefined || year.index >= head.length ? head : head.slice(0, year.index));
  if (title === "") return { title: stem };
  const subtitle = episode === null ? "" : subtitleOf(words, episode, tag);
  const resolution = RESOLUTION.exec(words)?.[0].toLowerCase();
  return {
    title,
    ...(year && { year: year.value }),
    ...(episode?.groups && numbersOf(episode.groups)),
    ...(subtitle !== "" && { subtitle }),
    ...(resolution !== undefined && { resolution: LINES.get(resolution) ?? resolution }),
    ...(HIGH_DYNAMIC_RANGE.test(words) && { isHighDynamicRange: true }),
  };
}

/** Without what tells that it is a film, unless that is all there is. */
export function withoutExtension(name: string): string {
  return name.replace(VIDEO_EXTENSION, "") || name;
}

const VIDEO_EXTENSION = /\.(mkv|mp4|m4v|webm|avi|ts|m2ts|mov|wmv|flv|ogv|mpg|mpeg)$/i;
const RESOLUTION = /\b(\d{3,4}[pi]|4k|uhd)\b/i;
const LINES: ReadonlyMap<string, string> = new Map([
  ["4k", "2160p"],
  ["uhd", "2160p"],
]);
const HIGH_DYNAMIC_RANGE = /\b(hdr|hdr10|hdr10plus|dv|dovi|dolby vision)\b/i;

/** What stands behind the title of a release. Words that may be in a title count in capitals only. */
const TAG = new RegExp(
  String.raw`[[({]?\b(\d{3,4}[pi]|4[kK]|[uU][hH][dD]|[bB]lu-?[rR]ay|BLURAY|bluray|B[dDrR]-?[rR]ip|BDRIP|BRRIP|WEB(-?DL|-?Rip|RIP)?|web-?dl|web-?rip|[hH][dD][tT][vV]|HDRip|DVD(-?[rR]ip|-?R|Scr)?|dvdrip|REMUX|Remux|[xXhH][ .]?26[45]|HEVC|hevc|AV1|XviD|xvid|XVID|DivX|AAC|AC3|DTS|DDP?\d|HDR(10)?|PROPER|REPACK|MULTi|10bit|8bit)\b`,
);
const EPISODE =
  /\b(?:S(?<season>\d{1,2}) ?E(?<episode>\d{1,3})|(?<seasonOfPair>\d{1,2})x(?<episodeOfPair>\d{2,3}))(?:-?E?\d{2,3})?\b/i;
/** Several of them have no number. */
const SEASONS = /\bS\d{1,2}-S?\d{1,2}\b|\bSeasons? \d{1,2}-\d{1,2}\b/i;
const SEASON = /\b(?:S(?<season>\d{1,2})|Season (?<seasonInWords>\d{1,2}))\b/i;

/** Sites and groups that put themselves first. */
function withoutSite(name: string): string {
  return name.replace(/^\s*(\[[^\]]{1,40}\]\s*)+/, "").replace(/^www\.[\w-]+\.\w{2,6}\s*-+\s*/i, "");
}

/** Dots stand for spaces only where there are none: `Mr. Robot` keeps its own. */
function spaced(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.trim().includes(" ") ? words : words.replaceAll(".", " ");
}

interface Year {
  readonly value: number;
  readonly index: number;
}

/** The last one: titles may be a year, too. */
function lastYear(head: string): Year | undefined {
  const years = [...head.matchAll(/[[(]?\b((?:19|20)\d{2})\b[\])]?/g)].filter(({ index }) => index > 0);
  const last = years.at(-1);
  return last && { value: Number(last[1]), index: last.index };
}

/** Some series name their year behind the season. */
function yearBehind(words: string, episode: RegExpExecArray | null, tag: RegExpExecArray | null): Year | undefined {
  if (episode === null || tag === null || tag.index <= episode.index) return undefined;
  const found = /[[(]((?:19|20)\d{2})[\])]/.exec(words.slice(episode.index, tag.index));
  return found === null ? undefined : { value: Number(found[1]), index: episode.index + found.index };
}

function numbersOf(groups: Record<string, string | undefined>): Pick<CleanName, "season" | "episode"> {
  const season = groups["season"] ?? groups["seasonOfPair"] ?? groups["seasonInWords"];
  const episode = groups["episode"] ?? groups["episodeOfPair"];
  return { ...(season && { season: Number(season) }), ...(episode && { episode: Number(episode) }) };
}

function subtitleOf(words: string, episode: RegExpExecArray, tag: RegExpExecArray | null): string {
  const from = episode.index + episode[0].length;
  if (episode.groups?.["episode"] === undefined && episode.groups?.["episodeOfPair"] === undefined) return "";
  return tidy(words.slice(from, tag !== null && tag.index > from ? tag.index : undefined));
}

/** Without what joined it to what follows or comes before. */
function tidy(words: string): string {
  return words.replace(/\s+/g, " ").replace(/^[\s\-–—.:,([{]+|[\s\-–—,([{]+$/g, "");
}
