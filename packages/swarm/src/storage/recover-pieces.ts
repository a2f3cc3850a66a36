import { join } from "node:path";
import { lstatIfThere, openReadOnly } from "./file-io.ts";
import { filesOf, filesOfPiece, holdsBytes, STATE_FOLDER, type StoredFile, type TorrentLayout } from "./file-layout.ts";
import type { FileStamps } from "./file-stamps.ts";
import { OpenFiles } from "./open-files.ts";
import { fillFromFiles } from "./read-torrent.ts";
import { rehash } from "./rehash.ts";
import type { SafeFolders } from "./safe-folders.ts";
import { unsafePath } from "./storage-error.ts";
import type { VerifiedJournal } from "./verified-journal.ts";

/** Some file systems keep small files in the inode, where they count no blocks: nothing is said about those. */
const MIN_HOLE_BYTES = 64 * 1024;

export interface RecoverOptions {
  readonly directory: string;
  readonly layout: TorrentLayout;
  readonly folders: SafeFolders;
  readonly journal: VerifiedJournal;
  /** Files as the last session left them. */
  readonly stamps: FileStamps;
  /** Written by a session that was killed before they were durable: they are hashed. */
  readonly unsynced: readonly number[];
  readonly signal: AbortSignal;
  /** A piece was hashed: it may take minutes until all are. */
  readonly pieceChecked: () => void;
}

export interface RecoveredPieces {
  /** Verified and durable. */
  readonly pieces: readonly number[];
  /** Files that are there at full length, among those that were looked at. */
  readonly stamps: FileStamps;
}

/**
 * Finds out which pieces are on the disk. Those the journal records are believed where their files are there at full
 * length; those whose files somebody else has touched are hashed, as are all where the journal is not whole, and those
 * that came too late for it.
 * Afterwards the journal says the same, so that a file created anew, all holes, is never taken for what it was.
 */
export async function recoverPieces(options: RecoverOptions): Promise<RecoveredPieces> {
  const { layout, journal, folders, unsynced } = options;
  const { pieces: recorded, isIntact } = await journal.load();
  const files = isIntact ? filesOf([...recorded, ...unsynced], layout) : await filesOnDisk(options);
  const survey = await surveyFiles(files, options);
  // Most starts find everything as it was left: then nothing needs to be worked out piece by piece.
  if (isIntact && unsynced.length === 0 && files.every((file) => isUntouched(file, survey)))
    return { pieces: recorded, stamps: stampsOf(survey) };
  // A record that cannot be read may have taken back one that can.
  const believable = isIntact ? recorded : [];
  const believed = new Set(believable.filter((piece) => allFiles(piece, layout, (file) => isUntouched(file, survey))));
  const candidates = isIntact ? new Set([...recorded, ...unsynced]) : piecesWithData(survey, layout);
  const doubtful = [...candidates].filter(
    (piece) => !believed.has(piece) && allFiles(piece, layout, ({ index }) => survey.has(index)),
  );
  const found = await hashPieces(doubtful, options);
  const pieces = [...believed, ...found];
  const before = new Set(recorded);
  const isSame = isIntact && pieces.length === recorded.length && pieces.every((piece) => before.has(piece));
  const isNew = !isIntact && pieces.length === 0;
  if (!isSame && !isNew) {
    await folders.ensure([STATE_FOLDER]);
    await journal.rewrite(pieces);
  }
  return { pieces, stamps: stampsOf(survey) };
}

interface FileOnDisk {
  readonly modifiedMs: number;
  /** Nobody has written to it since Riptide did, as far as is known. */
  readonly isUntouched: boolean;
  readonly isHole: boolean;
}

/** Files at full length by their index. */
type Survey = ReadonlyMap<number, FileOnDisk>;

/** Looks at files without opening them. Rejects if one is a link or no file: it is not ours. */
async function surveyFiles(files: Iterable<StoredFile>, options: RecoverOptions): Promise<Survey> {
  const { directory, folders, stamps, signal } = options;
  const survey = new Map<number, FileOnDisk>();
  for (const { index, diskPath, lengthBytes } of files) {
    signal.throwIfAborted();
    if (!(await folders.exists(diskPath.slice(0, -1)))) continue;
    const stats = await lstatIfThere(join(directory, ...diskPath));
    if (stats === undefined) continue;
    if (!stats.isFile()) throw unsafePath();
    if (stats.size !== lengthBytes) continue;
    survey.set(index, {
      modifiedMs: stats.mtimeMs,
      isUntouched: (stamps.get(index) ?? stats.mtimeMs) === stats.mtimeMs,
      isHole: stats.blocks === 0 && lengthBytes >= MIN_HOLE_BYTES,
    });
  }
  return survey;
}

/** The files that may be there: none of a torrent that is new, which is what most are that have no journal. */
async function filesOnDisk({ layout, folders }: RecoverOptions): Promise<readonly StoredFile[]> {
  const names = await folders.list([]);
  return layout.files.filter((file) => holdsBytes(file) && names.has(file.diskPath[0]!));
}

async function hashPieces(pieces: readonly number[], options: RecoverOptions): Promise<number[]> {
  const { directory, layout, signal, pieceChecked: checked } = options;
  if (pieces.length === 0) return [];
  const files = new OpenFiles((file) => openReadOnly(join(directory, ...file.diskPath)));
  try {
    const read = (offset: number, bytes: Uint8Array): Promise<void> =>
      fillFromFiles(layout, files, { range: { start: offset, end: offset + bytes.length }, bytes, signal });
    const found = await rehash(pieces, layout, { read, signal, checked });
    // What was read may still be on its way to the disk, and is about to be recorded: data first.
    for (const file of filesOf(found, layout)) await files.use(file, "read", (handle) => handle.datasync());
    return found;
  } finally {
    await files.close();
  }
}

/** Pieces that lie in a file with any data in it. */
function piecesWithData(survey: Survey, layout: TorrentLayout): ReadonlySet<number> {
  const pieces = new Set<number>();
  for (const [index, { isHole }] of survey) {
    const { offsetBytes, lengthBytes } = layout.files[index]!;
    if (isHole) continue;
    const first = Math.floor(offsetBytes / layout.pieceLengthBytes);
    for (let piece = first; piece * layout.pieceLengthBytes < offsetBytes + lengthBytes; piece += 1) pieces.add(piece);
  }
  return pieces;
}

function stampsOf(survey: Survey): FileStamps {
  return new Map([...survey].map(([index, { modifiedMs }]) => [index, modifiedMs]));
}

function isUntouched({ index }: StoredFile, survey: Survey): boolean {
  return survey.get(index)?.isUntouched === true;
}

function allFiles(piece: number, layout: TorrentLayout, holds: (file: StoredFile) => boolean): boolean {
  return filesOfPiece(piece, layout).every(holds);
}
