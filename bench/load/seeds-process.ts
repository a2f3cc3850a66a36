import { readFileSync } from "node:fs";
import { parseTorrentFile } from "@riptide/swarm";
import { startScriptedSeed } from "../../test/support/scripted-seed.ts";

/** `FILMS_JSON`: a seed for each film. Prints their addresses, and ends with its standard input. */
const films = JSON.parse(process.argv[2] ?? "[]") as { readonly torrentPath: string; readonly filePath: string }[];
/** As a line at home: twenty of them are more than the machine can play. */
const BYTES_PER_SECOND = 4_000_000;

const seeds = await Promise.all(
  films.map(({ torrentPath, filePath }) => {
    const torrentFile = readFileSync(torrentPath);
    const { infoHash } = parseTorrentFile(torrentFile);
    const torrent = { torrentFile, infoHash, bytes: readFileSync(filePath) };
    return startScriptedSeed({ torrent, host: "127.0.0.2", bytesPerSecond: BYTES_PER_SECOND });
  }),
);
console.log(JSON.stringify(seeds.map(({ peer }) => peer)));
process.stdin.on("end", () => process.exit(0)).resume();
