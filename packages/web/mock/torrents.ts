import type { Torrent, TorrentFile, Viewing } from "@riptide/http";

/** What the mock server begins with: a torrent of every state and kind that the page has to show. */

const MEBIBYTE = 1024 * 1024;

/** Waits for its metadata for ever. */
export const WAITING = "1".repeat(40);
export const DOWNLOADING = "2".repeat(40);
export const SERIES = "3".repeat(40);
export const FAILED = "4".repeat(40);
export const HOSTILE = "5".repeat(40);
export const WHOLE = "6".repeat(40);
export const ALBUM = "7".repeat(40);
/** Is not there at first: whoever adds it has a hundred thousand files. */
export const CROWD = "f".repeat(40);

/** Longer than the longest name that a file system takes. */
const LONG = "very ".repeat(60);

export function firstTorrents(): Torrent[] {
  return [
    torrentOf(WAITING, "The.Late.One.2021.1080p.WEB.x264", [], {
      state: "metadata",
      connectedPeers: 2,
      knownPeers: 31,
    }),
    failed(),
    hostile(),
    album(),
    whole(),
    series(),
    torrentOf(
      DOWNLOADING,
      "The.Long.Road.Home.2019.1080p.BluRay.x264-GRP",
      [
        file(
          "The.Long.Road.Home.2019.1080p.BluRay.x264-GRP/The.Long.Road.Home.2019.1080p.BluRay.x264-GRP.mkv",
          6_900,
          0.12,
        ),
        file("The.Long.Road.Home.2019.1080p.BluRay.x264-GRP/Subs/English.srt", 0.1, 1),
        file("The.Long.Road.Home.2019.1080p.BluRay.x264-GRP/Sample/sample.mkv", 40, 0),
      ],
      {
        activeDemands: 2,
        downloadBytesPerSecond: 500_000,
        uploadBytesPerSecond: 120_000,
        connectedPeers: 18,
        knownPeers: 143,
      },
    ),
  ];
}

/** Where somebody stopped in them, the newest first. */
export function firstViewings(): Viewing[] {
  return [
    watched(DOWNLOADING, 0, 2_712, 7_380),
    watched(SERIES, 2, 1_105, 2_640),
    watched(SERIES, 1, 2_600, 2_640),
    watched(SERIES, 0, 2_640, 2_640),
    watched(WHOLE, 0, 5_400, 8_820),
  ];
}

function watched(infoHash: string, index: number, positionSeconds: number, durationSeconds: number): Viewing {
  const isFinished = durationSeconds - positionSeconds < 60;
  return { infoHash, index, positionSeconds, durationSeconds, isFinished, watchedAt: "2026-02-03T20:15:00.000Z" };
}

/** A torrent with these files, numbered as they come. */
export function torrentOf(
  infoHash: string,
  name: string,
  files: readonly Omit<TorrentFile, "index">[],
  facts: Partial<Torrent> = {},
): Torrent {
  const sizeBytes = files.reduce((sum, { length }) => sum + length, 0);
  const verifiedBytes = files.reduce((sum, each) => sum + each.verifiedBytes, 0);
  return {
    infoHash,
    name,
    state: "ready",
    addedAt: "2026-02-01T12:00:00.000Z",
    files: files.map((each, index) => ({ ...each, index })),
    sizeBytes,
    pieceLengthBytes: files.length === 0 ? 0 : 4 * MEBIBYTE,
    verifiedBytes,
    progress: sizeBytes === 0 ? 0 : verifiedBytes / sizeBytes,
    downloadedBytes: verifiedBytes,
    uploadedBytes: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    connectedPeers: 0,
    knownPeers: 0,
    activeDemands: 0,
    ...facts,
  };
}

export function file(path: string, mebibytes: number, share: number): Omit<TorrentFile, "index"> {
  const length = Math.round(mebibytes * MEBIBYTE);
  return { path, length, verifiedBytes: Math.floor(length * share), mediaType: mediaTypeOf(path) };
}

export function crowd(): Torrent {
  const files = Array.from({ length: 100_000 }, (_, at) => file(`clips/${at % 100}/clip ${at}.mp4`, 3, 0));
  return torrentOf(CROWD, "A hundred thousand clips", files, { connectedPeers: 1, knownPeers: 1 });
}

function series(): Torrent {
  const titles = [
    "Pilot",
    "The Second One",
    "Tide",
    "Low Water",
    "Undertow",
    "Riptide",
    "Salt",
    "The Harbour",
    "Storm",
    "Home",
  ];
  const episodes = [1, 2, 3].flatMap((season) =>
    titles.map((title, at) => {
      const name = `Harbour.Lights.S0${season}E${String(at + 1).padStart(2, "0")}.${title.replaceAll(" ", ".")}.1080p.WEB.h264-GRP.mkv`;
      return file(`Harbour.Lights/Season ${season}/${name}`, 1_300 + at * 37, season === 1 && at < 3 ? 1 : 0);
    }),
  );
  const extras = [
    file("Harbour.Lights/Extras/Making of.mkv", 300, 0),
    file("Harbour.Lights/Harbour.Lights.nfo", 0.01, 1),
  ];
  return torrentOf(SERIES, "Harbour.Lights.S01-S03.1080p.WEB.h264-GRP", [...episodes, ...extras], {
    connectedPeers: 9,
    knownPeers: 64,
    uploadBytesPerSecond: 310_000,
  });
}

function failed(): Torrent {
  return torrentOf(FAILED, "Too.Big.2022.2160p.UHD.BluRay.REMUX.HDR.HEVC", [file("Too.Big.2022.mkv", 58_000, 0.4)], {
    state: "failed",
    error: { code: "disk_full", message: "The disk is full. Make room, then add the torrent again." },
  });
}

function hostile(): Torrent {
  const html = '<img src=x onerror="window.scripted=1"><script>window.scripted=1</script>';
  return torrentOf(HOSTILE, `"'>${html} \u202Egnp.exe ${LONG}`, [
    file(`${html}.mkv`, 700, 0),
    file(`\u202Evkm.\u05D0\u05D1\u05D2 \u0627\u0644\u0641\u064A\u0644\u0645.mp4`, 300, 0),
    file(`👩‍👩‍👧‍👦🎬${"🍿".repeat(80)}.mkv`, 300, 0),
    file(`${"x".repeat(300)}.mkv`, 300, 0),
    file(`javascript:alert(1)/${LONG}/..%2f..%2fetc/passwd`, 1, 0),
  ]);
}

function whole(): Torrent {
  const files = [file("Northern Lights (2023) [2160p] [HDR]/Northern Lights (2023).mp4", 14_200, 1)];
  return torrentOf(WHOLE, "Northern Lights (2023) [2160p] [HDR]", files, {
    connectedPeers: 4,
    knownPeers: 22,
    uploadBytesPerSecond: 1_700_000,
    uploadedBytes: 9_000_000_000,
  });
}

function album(): Torrent {
  const tracks = ["Ebb", "Flow", "Moon"].map((title, at) => file(`Tides/0${at + 1} ${title}.flac`, 31 + at, 1));
  return torrentOf(ALBUM, "Some Band - Tides (2020) FLAC", tracks, { connectedPeers: 1, knownPeers: 3 });
}

function mediaTypeOf(path: string): string {
  const types: Record<string, string> = {
    mkv: "video/x-matroska",
    mp4: "video/mp4",
    flac: "audio/flac",
    srt: "application/x-subrip",
  };
  return types[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}
