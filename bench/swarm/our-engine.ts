import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { SequentialReader } from "../../packages/stream/src/sequential-reader.ts";
import { never, startTestEngine } from "../../test/support/test-engine.ts";
import type { ArmEngine, ArmSettings } from "./arm-process.ts";

/** What a body reads at first. */
const CHUNK_BYTES = 64 * 1024;
/** How often it is looked whether all is there. */
const MIN_POLL_MS = 5;
const MAX_POLL_MS = 1_000;

/** The engine as the server runs it, read as its bodies read. */
export async function openOurs({ torrentPath, saveDirectory, peers }: ArmSettings): Promise<ArmEngine> {
  const { engine } = await startTestEngine({ dataDirectory: saveDirectory, peers });
  await engine.peerPort(never);
  const open = async () => {
    const { infoHash } = await engine.add(await readFile(torrentPath), { signal: never });
    return await engine.openFile(infoHash, 0, { signal: never });
  };
  let file: Awaited<ReturnType<typeof open>> | undefined;
  let wanted: Disposable | undefined;
  return {
    add: async () => {
      file = await open();
    },
    read: (offset, onBytes) => {
      const { provider } = file!;
      const reading = new AbortController();
      const range = { start: offset, end: provider.sizeBytes };
      const reader = new SequentialReader(provider, [range], { signal: reading.signal });
      const goOn = async (): Promise<void> => {
        for (let chunk = await reader.next(CHUNK_BYTES); chunk; chunk = await reader.next(CHUNK_BYTES)) {
          onBytes(chunk.length);
        }
      };
      goOn().catch((error: unknown) => {
        if (!reading.signal.aborted) throw error;
      });
      return { close: () => reading.abort() };
    },
    fetchWhole: async () => {
      file = await open();
      const { provider, torrent } = file;
      wanted = provider.want({ range: { start: 0, end: provider.sizeBytes }, urgency: "soon" });
      const startedMs = performance.now();
      // To ask costs something: seldom, and more often as the end comes near.
      for (let share = 0; share < 1; ) {
        const expectedMs = ((performance.now() - startedMs) * (1 - share)) / share;
        await delay(Math.min(MAX_POLL_MS, Math.max(MIN_POLL_MS, expectedMs / 2)));
        share = engine.get(torrent.infoHash)!.verifiedBytes / torrent.sizeBytes;
      }
    },
    forget: async () => {
      wanted?.[Symbol.dispose]();
      await engine.remove(file!.torrent.infoHash, { deleteData: true, signal: never });
    },
  };
}
