import { type PieceProvider, readaheadWindow, sleep } from "@riptide/core";
import { createSimulatedPieceProvider, createVirtualClock } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { drainEventLoop } from "../support/drain-event-loop.ts";

const NEVER = new AbortController().signal;
const KIB = 1024;
const MIB = 1024 * KIB;
/** What a reader asks for at a time. */
const READ_LENGTH_BYTES = 256 * KIB;

describe("the readahead policy in front of a simulated swarm", () => {
  it.each([
    { title: "H.264 with AAC", neededBytes: 830_000 },
    { title: "AV1 with FLAC, the most that was measured", neededBytes: 1_140_000 },
  ])("fetches under 2 MB before the first picture of a film of 8 Mb/s: $title", async ({ neededBytes }) => {
    const { clock, provider } = create({
      fileBytes: 40 * MIB,
      pieceLengthBytes: 256 * KIB,
      bytesPerSecond: 100e6,
      latencyMs: 20,
    });
    const start = Promise.all([
      provider.readAt(provider.sizeBytes - 64 * KIB, 64 * KIB, { signal: NEVER }),
      readThrough(provider, neededBytes, 1e6),
    ]);
    await clock.runUntil(start, 10_000);
    // A swarm this fast has fetched all that is wanted before the reader is done: let even the rest arrive.
    await clock.advance(100);
    expect(provider.counters().fetchedBytes).toBeLessThan(2_000_000);
  });

  it.each([
    { pieceLengthBytes: 256 * KIB, latencyMs: 100, share: 0.97 },
    { pieceLengthBytes: MIB, latencyMs: 100, share: 0.95 },
    { pieceLengthBytes: 4 * MIB, latencyMs: 100, share: 0.95 },
  ])("keeps a swarm of 2 MB/s busy with pieces of $pieceLengthBytes bytes", async ({ share, ...swarm }) => {
    const fileBytes = 40 * MIB;
    const { clock, provider } = create({ fileBytes, bytesPerSecond: 2e6, ...swarm });
    await clock.runUntil(readThrough(provider, fileBytes, undefined), 60_000);
    expect(fileBytes / (clock.nowMs() / 1000)).toBeGreaterThan(share * 2e6);
  });

  it("plays a film of 8 Mb/s from a swarm of 2 MB/s, after its third piece without a pause, and gets twenty seconds ahead", async () => {
    const { clock, provider } = create({
      fileBytes: 60 * MIB,
      pieceLengthBytes: MIB,
      bytesPerSecond: 2e6,
      latencyMs: 100,
    });
    await clock.runUntil(readThrough(provider, MIB, 1e6), 10_000);
    const playing = (async () => {
      let state = { readHead: MIB, end: provider.sizeBytes, sequentialBytes: MIB, bytesPerSecond: 1e6 };
      let stalledMs = 0;
      while (state.readHead < 40 * MIB) {
        const window = provider.want({ range: readaheadWindow(state), urgency: "soon" });
        const beforeMs = clock.nowMs();
        const { length } = await provider.readAt(state.readHead, READ_LENGTH_BYTES, { signal: NEVER });
        if (state.readHead >= 3 * MIB) stalledMs += clock.nowMs() - beforeMs;
        await sleep(clock, length / 1e3, NEVER);
        window[Symbol.dispose]();
        state = { ...state, readHead: state.readHead + length, sequentialBytes: state.sequentialBytes + length };
      }
      const [ahead] = provider.available({ start: state.readHead, end: provider.sizeBytes });
      return { stalledMs, secondsAhead: ((ahead?.end ?? 0) - state.readHead) / 1e6 };
    })();
    const { stalledMs, secondsAhead } = await clock.runUntil(playing, 120_000);
    expect(stalledMs).toBe(0);
    expect(secondsAhead).toBeGreaterThan(18);
  });
});

function create(options: { fileBytes: number; pieceLengthBytes: number; bytesPerSecond: number; latencyMs: number }) {
  const { fileBytes, pieceLengthBytes, ...link } = options;
  const clock = createVirtualClock({ drain: drainEventLoop });
  const bytes = new Uint8Array(fileBytes);
  const arrivals = { kind: "swarm", ...link } as const;
  return { clock, provider: createSimulatedPieceProvider({ bytes, pieceLengthBytes, clock, arrivals }) };
}

/** Reads the first `lengthBytes` as fast as they come, with the window of the policy in front. */
async function readThrough(
  provider: PieceProvider,
  lengthBytes: number,
  bytesPerSecond: number | undefined,
): Promise<void> {
  const rate = bytesPerSecond === undefined ? {} : { bytesPerSecond };
  let readHead = 0;
  while (readHead < lengthBytes) {
    const range = readaheadWindow({ readHead, end: provider.sizeBytes, sequentialBytes: readHead, ...rate });
    const window = provider.want({ range, urgency: "soon" });
    const length = Math.min(READ_LENGTH_BYTES, lengthBytes - readHead);
    readHead += (await provider.readAt(readHead, length, { signal: NEVER })).length;
    window[Symbol.dispose]();
  }
}
