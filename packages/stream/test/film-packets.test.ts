import type { Demuxer, Packet } from "@riptide/media";
import { describe, expect, test } from "vitest";
import { readPackets } from "../src/film-packets.ts";
import { createContext, KIB, MIB, randomBytes, type TestContext, virtualClock } from "./support/context.ts";

/** A film that is read in two parts, the later one first, in packets of 10 000 bytes. */
const demuxer: Demuxer = {
  container: "mp4",
  durationSeconds: 1,
  tracks: [],
  keyIndex: async () => undefined,
  async *packets({ open }) {
    for (const start of [MIB, 0]) {
      const stream = open([{ start, end: start + 500 * KIB }]);
      for (let data = await stream.next(10_000); data !== undefined; data = await stream.next(10_000)) {
        yield [packetOf(data)];
      }
    }
  },
};

function packetOf(data: Uint8Array): Packet {
  return { trackNumber: 1, ptsTicks: 0, dtsTicks: 0, durationTicks: 1, isKeyframe: true, data };
}

const bytes = randomBytes(2 * MIB);
const wanted = { stretch: { from: undefined, to: undefined }, tracks: new Set([1]) };
const { signal } = new AbortController();
const complete = (): TestContext => createContext({ bytes, clock: virtualClock() });

async function read(viewer: TestContext, limitBytes?: number): Promise<Buffer> {
  const options = { signal, ...(limitBytes === undefined ? {} : { limitBytes }) };
  const parts: Uint8Array[] = [];
  for await (const packets of readPackets(demuxer, wanted, viewer.context.provider, options)) {
    expect(viewer.provider.counters().demandsHeld).toBeLessThanOrEqual(1);
    parts.push(...packets.map(({ data }) => data));
  }
  return Buffer.concat(parts);
}

describe("Reading packets", () => {
  test("gives all of a film, in the order in which its demuxer wants it", async () => {
    const viewer = complete();
    const expected = Buffer.concat([bytes.subarray(MIB, MIB + 500 * KIB), bytes.subarray(0, 500 * KIB)]);
    expect((await read(viewer)).equals(expected)).toBe(true);
    expect(viewer.provider.counters().demandsHeld).toBe(0);
  });

  test.each([0, 100 * KIB, 500 * KIB, 600 * KIB, 2 * MIB])(
    "reads no more than a limit of %d bytes",
    async (limitBytes) => {
      const viewer = complete();
      await read(viewer, limitBytes);
      expect(viewer.provider.counters().readBytes).toBe(Math.min(limitBytes, 1000 * KIB));
      expect(viewer.provider.counters().demandsHeld).toBe(0);
    },
  );

  test("demands nothing before it is asked, and nothing after it is left", async () => {
    const viewer = complete();
    const packets = readPackets(demuxer, wanted, viewer.context.provider, { signal });
    expect(viewer.provider.demandLog()).toEqual([]);
    await packets.next();
    expect(viewer.provider.counters().demandsHeld).toBe(1);
    await packets.return();
    expect(viewer.provider.counters().demandsHeld).toBe(0);
    await readPackets(demuxer, wanted, viewer.context.provider, { signal }).return();
    expect(viewer.provider.counters().demandsHeld).toBe(0);
  });
});
