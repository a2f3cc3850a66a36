/**
 * Room below the 255 bytes that ext4, NTFS and APFS allow one name, for what a store may append to it.
 */
const MAX_COMPONENT_BYTES = 240;

/** Longer "extensions" are part of the title ("Vol. 3 and other stories"), not worth keeping when a name is cut. */
const MAX_EXTENSION_BYTES = 20;

/** PATH_MAX is 4096 on Linux and 1024 on macOS; deeper paths lose their outermost directories. */
const MAX_PATH_BYTES = 800;

/** Tries at finding free names, summed over a torrent (libtorrent's limit): more is an attack, not a film. */
const MAX_NAME_COLLISIONS = 500;

/** The engine keeps its own state under this name. */
const RESERVED_ROOT_NAME = ".riptide";

/** What a path needs to be given a place on disk. */
export interface UntrustedPath {
  /** Components as the torrent spells them. */
  readonly path: readonly string[];
  readonly isPadding: boolean;
}

/**
 * Gives each path of a torrent a place of its own below the torrent's folder: safe components, no two places equal even where the file
 * system ignores case, and no place a folder of another. Depends on its arguments only, so that a restart finds the same files.
 * Returns `undefined` when the names collide so often that they must be an attack.
 */
export function assignDiskPaths(paths: readonly UntrustedPath[]): string[][] | undefined {
  const names = new DiskNames();
  const assigned: string[][] = [];
  for (const [index, { path, isPadding }] of paths.entries()) {
    // Padding files share names such as `.pad/15872` by design, and are never written.
    const components = isPadding ? [".pad", String(index)] : path.map(safeComponent);
    const place = names.claim(shortenPath(components));
    if (place === undefined) return undefined;
    assigned.push(place);
  }
  return assigned;
}

/**
 * Makes one name harmless on every file system: no separator, no `.` or `..`, no control or bidi character, no reserved DOS name, no
 * trailing dot or space, at most 240 bytes of UTF-8. The same name gives the same result; two names may give the same one.
 */
export function safeComponent(name: string): string {
  const visible = name
    .replaceAll(/[\p{Cc}\p{Cs}\p{Bidi_Control}/\\<>:"|?*]/gu, "_")
    // Windows drops trailing dots and spaces, which makes `..` out of `. .`.
    .replace(/^ +/, "")
    .replace(/[. ]+$/, "");
  return limitBytes(escapeDosName(visible === "" ? "_" : visible), "");
}

/** The names of one torrent as a tree, compared the way the pickiest file system compares them. */
class DiskNames {
  readonly #root: Directory = new Map();
  #collisions = 0;

  claim(components: readonly string[]): string[] | undefined {
    const place: string[] = [];
    let directory = this.#root;
    for (const [depth, component] of components.entries()) {
      const isFile = depth === components.length - 1;
      const wanted = depth === 0 && foldName(component) === RESERVED_ROOT_NAME ? `_${component}` : component;
      const name = this.#findFree(directory, wanted, isFile);
      if (name === undefined) return undefined;
      place.push(name);
      if (isFile) directory.set(foldName(name), FILE);
      else directory = enterDirectory(directory, name);
    }
    return place;
  }

  /** A file needs an unused name; a folder may share the name of a folder. */
  #findFree(directory: Directory, wanted: string, isFile: boolean): string | undefined {
    let name = wanted;
    for (let attempt = 1; ; attempt++) {
      const taken = directory.get(foldName(name));
      if (taken === undefined || (!isFile && taken !== FILE)) return name;
      this.#collisions += 1;
      if (this.#collisions > MAX_NAME_COLLISIONS) return undefined;
      name = limitBytes(wanted, `.${attempt}`);
    }
  }
}

const FILE = Symbol("file");
type Directory = Map<string, Directory | typeof FILE>;

function enterDirectory(parent: Directory, name: string): Directory {
  const key = foldName(name);
  const existing = parent.get(key);
  if (existing !== undefined && existing !== FILE) return existing;
  const created: Directory = new Map();
  parent.set(key, created);
  return created;
}

/** NTFS and APFS ignore case, APFS and HFS+ also how accents are composed. */
function foldName(name: string): string {
  return name.normalize("NFC").toLowerCase().normalize("NFC");
}

function shortenPath(components: readonly string[]): string[] {
  let start = 0;
  let lengthBytes = components.reduce((sum, component) => sum + Buffer.byteLength(component) + 1, 0);
  while (lengthBytes > MAX_PATH_BYTES && start < components.length - 1) {
    lengthBytes -= Buffer.byteLength(components[start] ?? "") + 1;
    start += 1;
  }
  return components.slice(start);
}

/** Cuts the stem, not the extension, and never through a character; `suffix` goes between the two. */
function limitBytes(name: string, suffix: string): string {
  const dot = name.lastIndexOf(".");
  const hasExtension =
    dot > 0 && Buffer.byteLength(name) - Buffer.byteLength(name.slice(0, dot)) <= MAX_EXTENSION_BYTES;
  const stem = hasExtension ? name.slice(0, dot) : name;
  const ending = suffix + (hasExtension ? name.slice(dot) : "");
  const short = cutUtf8(stem, MAX_COMPONENT_BYTES - Buffer.byteLength(ending));
  return ending === "" ? short.replace(/[. ]+$/, "") : short + ending;
}

function cutUtf8(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // RFC 3629 §3: continuation bytes are 10xxxxxx.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}

/** "Naming Files, Paths, and Namespaces" (Microsoft): reserved whatever the extension; any first word, as cutting may end the name there. */
function escapeDosName(name: string): string {
  return /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])([ .]|$)/i.test(name) ? `_${name}` : name;
}
