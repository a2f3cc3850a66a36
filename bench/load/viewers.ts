import { once } from "node:events";
import { type Agent, get, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "@riptide/sim";
import type { Film } from "./films.ts";
import type { Server } from "./servers.ts";

/** What a player takes before it shows a picture and a viewer seeks on. */
const SEEK_BYTES = 512 * 1024;
/** How long it looks at that picture. */
const LOOK_MS = { min: 500, max: 1_500 };
/** Two hundred do not press play in one millisecond. */
const ARRIVAL_MS = 5_000;
/** A film in good quality. Faster than that nobody plays; the machine is not to be kept busy for its own sake. */
const PLAY_BYTES_PER_SECOND = 1_000_000;

/** What a viewer met. */
export interface Report {
  answers: number;
  failures: number;
  wrongBytes: number;
  comparedBytes: number;
  /** From a request to the first byte of its body, of films that were there before. */
  readonly residentFirstByteMs: number[];
}

export interface Viewer {
  /** Goes on until the signal; resolves with what it met. */
  watch(): Promise<Report>;
}

interface Viewing {
  readonly url: string;
  readonly bytes: Buffer;
  readonly isResident: boolean;
  readonly signal: AbortSignal;
  readonly random: ReturnType<typeof createRandom>;
}

type Behaviour = (viewing: Viewing, report: Report) => Promise<void>;

/** Viewers of each kind, spread over all films. */
export function viewersOf(
  server: Server,
  films: readonly Film[],
  { seeking, stalled, playing, signal }: Record<"seeking" | "stalled" | "playing", number> & { signal: AbortSignal },
): Viewer[] {
  const kinds: readonly (readonly [number, Behaviour])[] = [
    [seeking, seek],
    [stalled, stall],
    [playing, play],
  ];
  return kinds.flatMap(([count, behave]) =>
    Array.from({ length: count }, (_, index) => {
      const film = index % films.length;
      const viewing: Viewing = {
        url: server.urls[film]!,
        bytes: films[film]!.bytes,
        isResident: film < server.residentCount,
        signal,
        random: createRandom(index),
      };
      return { watch: () => watch(viewing, behave) };
    }),
  );
}

async function watch(viewing: Viewing, behave: Behaviour): Promise<Report> {
  const report: Report = { answers: 0, failures: 0, wrongBytes: 0, comparedBytes: 0, residentFirstByteMs: [] };
  await delay(viewing.random.int(0, ARRIVAL_MS), undefined, { signal: viewing.signal }).catch(() => {});
  while (!viewing.signal.aborted) {
    try {
      await behave(viewing, report);
    } catch {
      // What breaks off at the end is our doing.
      if (!viewing.signal.aborted) report.failures += 1;
    }
  }
  return report;
}

/** From one place to another, without waiting for a film to end. */
async function seek(viewing: Viewing, report: Report): Promise<void> {
  const { random, bytes, signal } = viewing;
  const start = random.int(0, bytes.length - SEEK_BYTES);
  await read(viewing, report, { start, end: start + SEEK_BYTES });
  await delay(random.int(LOOK_MS.min, LOOK_MS.max), undefined, { signal });
}

/** From some place to the end, as fast as it plays. */
async function play(viewing: Viewing, report: Report): Promise<void> {
  const { random, bytes } = viewing;
  const start = random.int(0, bytes.length - SEEK_BYTES);
  await read(viewing, report, { start, end: bytes.length, bytesPerSecond: PLAY_BYTES_PER_SECOND });
}

/** Asks, and takes no more than what comes with the header. */
async function stall({ url, signal }: Viewing, report: Report): Promise<void> {
  const response = await answerOf(url, { start: 0, end: undefined, signal });
  report.answers += 1;
  response.pause();
  if (!signal.aborted) await once(signal, "abort");
  response.destroy();
}

async function read(
  { url, bytes, isResident, signal }: Viewing,
  report: Report,
  { start, end, bytesPerSecond }: { readonly start: number; readonly end: number; readonly bytesPerSecond?: number },
): Promise<void> {
  const askedMs = performance.now();
  const response = await answerOf(url, { start, end, signal });
  report.answers += 1;
  let at = start;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (at === start && isResident) report.residentFirstByteMs.push(performance.now() - askedMs);
    if (!chunk.equals(bytes.subarray(at, at + chunk.length))) report.wrongBytes += chunk.length;
    at += chunk.length;
    report.comparedBytes += chunk.length;
    if (bytesPerSecond === undefined) continue;
    const aheadMs = ((at - start) / bytesPerSecond) * 1000 - (performance.now() - askedMs);
    if (aheadMs > 0) await delay(aheadMs, undefined, { signal });
  }
  if (at !== end) throw new Error(`A body ended at ${at} instead of ${end}`);
}

async function answerOf(
  url: string,
  { start, end, signal }: { readonly start: number; readonly end: number | undefined; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const headers = { range: `bytes=${start}-${end === undefined ? "" : end - 1}` };
  const request = get(url, { agent: NO_AGENT, headers, signal });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  if (response.statusCode === 206) return response;
  response.destroy();
  throw new Error(`${url}: ${response.statusCode}`);
}

/** A connection for each request: viewers do not share any. */
const NO_AGENT: Agent | false = false;
