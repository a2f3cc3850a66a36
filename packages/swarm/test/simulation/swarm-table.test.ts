import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { type Measure, measureRow, PIECE_LENGTHS, type RowFigures, SWARM_ROWS } from "./swarm-rows.ts";

const TABLE = fileURLToPath(new URL("../../../../docs/SWARM.md", import.meta.url));
const SEED = 1;
const TIMEOUT_MS = 600_000;
/** The goals: of the ideal time, and of the bytes that are needed. */
const MAX_TIME_SHARE = 1.15;
const MAX_BYTES_SHARE = 1.1;

const SWARMS = PIECE_LENGTHS.flatMap((pieceLengthBytes) => SWARM_ROWS.map((row) => ({ pieceLengthBytes, row })));
const isUpdate = process.env["UPDATE_DOCS"] === "true";

describe("starts and seeks of a whole session", () => {
  it("are as docs/SWARM.md tells", { timeout: TIMEOUT_MS }, async () => {
    const lines: string[] = [];
    for (const { pieceLengthBytes, row } of isUpdate ? SWARMS : everyNth(SWARMS, 7)) {
      const figures = await measureRow(row, pieceLengthBytes, SEED);
      lines.push(`| ${cells(pieceLengthBytes, row, figures).join(" | ")} |`);
    }
    if (isUpdate) await writeFile(TABLE, page(lines));
    const table = await readFile(TABLE, "utf8");
    expect(table).toContain(page([]).trimEnd());
    expect(table.split("\n").filter((line) => lines.includes(line))).toEqual(lines);
  });
});

function cells(
  pieceLengthBytes: number,
  { title, maxGapMs }: (typeof SWARM_ROWS)[number],
  { start, seek, gapMs }: RowFigures,
): string[] {
  // A gap is never shorter than a piece takes at all.
  const gapGoalMs = maxGapMs === undefined ? Number.POSITIVE_INFINITY : Math.max(maxGapMs, seek.idealInBlocksMs);
  const piece = pieceLengthBytes >= 1024 * 1024 ? `${pieceLengthBytes >> 20} MiB` : `${pieceLengthBytes >> 10} KiB`;
  return [piece, title, ...times(start), ...times(seek), marked(gapMs.toFixed(0), gapMs > gapGoalMs)];
}

function times({ ms, idealMs, idealInBlocksMs, bytes, neededBytes }: Measure): string[] {
  const share = ms / idealMs;
  const inBlocks = ms / idealInBlocksMs;
  return [
    `${ms.toFixed(0)} / ${idealMs.toFixed(0)}`,
    marked(share.toFixed(2), share > MAX_TIME_SHARE),
    inBlocks.toFixed(2),
    marked((bytes / neededBytes).toFixed(2), bytes > MAX_BYTES_SHARE * neededBytes),
  ];
}

function marked(text: string, isMissed: boolean): string {
  return isMissed ? `**${text}**` : text;
}

function page(lines: readonly string[]): string {
  return `# Starts and seeks

How a whole session fares in simulated swarms, from the dial on: \`packages/swarm/test/simulation/swarm-rows.ts\`, seed ${SEED}. Written by
\`swarm-table.test.ts\` beside it with \`UPDATE_DOCS=true\`, which otherwise checks it. Start: from adding the torrent to the first 64 KiB. Then
8 MiB are read as they come, and "gap" is the longest time without a byte. Then a seek to 600 MiB.

Ideal is bytes of the piece ÷ bandwidth of the peers that answer and are honest, and a round trip for each dependency (four to start, one to
seek; what we want is said before the other handshake has come, so that three and 10 ms do to start: shares below 1); "in blocks" is the share of what is possible if a peer is asked for nothing smaller than 16 KiB and, after a seek, first sends the block
that it is sending: nobody can call that back, neither from the peer nor out of the bytes. Goals: time ≤ ${MAX_TIME_SHARE} × ideal, swarm bytes
≤ ${MAX_BYTES_SHARE} × needed, gap ≤ 1.5 s with a peer that stalls and ≤ 3 s with one that poisons, or what one piece takes. **Bold** misses its goal.

| pieces | swarm | start, ms / ideal | share | in blocks | bytes | seek, ms / ideal | share | in blocks | bytes | gap, ms |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join("\n")}
`;
}
