import { describe, expect, it } from "vitest";
import { PieceChecks } from "../../src/engine/piece-checks.ts";

const HOUR_MS = 3_600_000;

function setUp() {
  const state = { nowMs: 100 * HOUR_MS };
  const asked: number[] = [];
  const checks = new PieceChecks(
    (piece) => asked.push(piece),
    () => state.nowMs,
  );
  return { checks, asked, state };
}

describe("PieceChecks", () => {
  it("doubts what an earlier session left, until it was hashed", async () => {
    const { checks, asked } = setUp();
    expect(checks.isDoubtful(3, 0)).toBe(true);
    const both = [checks.check(3, 0), checks.check(3, 0)];
    expect(asked).toEqual([3]);
    checks.checked(3, true);
    await Promise.all(both);
    expect([checks.isDoubtful(3, 0), checks.isDoubtful(4, 0)]).toEqual([false, true]);
  });

  it("doubts a piece whose file changed long after anything was written, and no piece while we write", () => {
    const { checks, state } = setUp();
    checks.written(1);
    const writtenMs = state.nowMs;
    state.nowMs += 60_000;
    expect([1_999, 2_001].map((laterMs) => checks.isDoubtful(1, writtenMs + laterMs))).toEqual([false, true]);
    checks.written(2);
    expect([1, 2].map((piece) => checks.isDoubtful(piece, state.nowMs))).toEqual([true, false]);
  });

  it("does not doubt for ever what was modified in the future", async () => {
    const { checks, state } = setUp();
    checks.written(1);
    const modifiedMs = state.nowMs + HOUR_MS / 2;
    expect(checks.isDoubtful(1, modifiedMs)).toBe(true);
    const checked = checks.check(1, modifiedMs);
    checks.checked(1, true);
    await checked;
    expect([checks.isDoubtful(1, modifiedMs), checks.isDoubtful(1, modifiedMs + 1)]).toEqual([false, true]);
  });

  it("doubts after an hour, and what the disk could not read", () => {
    const { checks, state } = setUp();
    checks.written(1);
    checks.written(2);
    checks.doubt(2);
    expect([checks.isDoubtful(1, 0), checks.isDoubtful(2, 0)]).toEqual([false, true]);
    state.nowMs += HOUR_MS + 1;
    expect(checks.isDoubtful(1, 0)).toBe(true);
  });

  it("asks a new session what the last one did not answer, and forgets what that one knew", async () => {
    const { checks, asked } = setUp();
    checks.written(1);
    const waiting = checks.check(5, 0);
    checks.sessionStarted();
    expect([asked, checks.isDoubtful(1, 0)]).toEqual([[5, 5], true]);
    checks.checked(5, false);
    await waiting;
    expect(checks.isDoubtful(5, 0)).toBe(true);
  });

  it("lets nobody wait when the torrent has come to its end", async () => {
    const { checks } = setUp();
    const waiting = checks.check(5, 0);
    checks.end();
    await waiting;
    expect(checks.isDoubtful(5, 0)).toBe(true);
  });
});
