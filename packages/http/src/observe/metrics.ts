import type { Clock, EngineStatistics, TorrentEngine } from "@riptide/core";
import type { StreamFactory } from "@riptide/stream";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { MetadataTimes } from "./metadata-times.ts";
import type { RequestObserver, RequestRecord, StreamRecord } from "./request-record.ts";
import type { StallCause } from "./stall.ts";

/** From what is there already to where players give up. */
const WAIT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** A request may last as long as a film is watched. */
const REQUEST_SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600, 3600];
/** Metadata comes within a second or two from a known peer, and may take minutes to be found. */
const METADATA_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export interface MetricsOptions {
  readonly engine: Pick<TorrentEngine, "statistics" | "subscribe" | "list" | "health">;
  readonly streams: Pick<StreamFactory, "ffmpeg">;
  readonly clock: Clock;
  readonly version: string;
}

/**
 * Counts for `/metrics`. Requests are told as they come, everything else is asked for when somebody looks. Labels have few values:
 * never an info hash, a name or an address. One for each process: some of what it tells is the process's.
 */
export class Metrics implements RequestObserver, Disposable {
  readonly #registry = new Registry();
  readonly #metadata: MetadataTimes;
  readonly #requests: Counter<"route" | "method" | "code">;
  readonly #requestSeconds: Histogram<"route" | "method">;
  readonly #rejected: Counter<"reason">;
  readonly #ttfbSeconds: Histogram<"source">;
  readonly #startSeconds: Histogram;
  readonly #seekSeconds: Histogram;
  readonly #streamBytes: Counter;
  readonly #streamsActive: Gauge;
  readonly #stallSeconds: Counter<"cause">;

  constructor(options: MetricsOptions) {
    const registers = [this.#registry];
    const counter = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter({ name: `riptide_${name}`, help, labelNames, registers });
    const histogram = <Label extends string = never>(
      name: string,
      help: string,
      buckets: number[],
      ...labelNames: Label[]
    ) => new Histogram({ name: `riptide_${name}`, help, buckets, labelNames, registers });
    this.#requests = counter("http_requests_total", "Requests by what was answered", "route", "method", "code");
    this.#requestSeconds = histogram(
      "http_request_duration_seconds",
      "From a request to the end of its response",
      REQUEST_SECONDS,
      "route",
      "method",
    );
    this.#rejected = counter("rejected_total", "Requests answered with a problem, by its code", "reason");
    this.#ttfbSeconds = histogram(
      "stream_ttfb_seconds",
      "From a request for a stream to the first byte of its body",
      WAIT_SECONDS,
      "source",
    );
    this.#startSeconds = histogram(
      "stream_start_seconds",
      "The same of requests for the start of a film",
      WAIT_SECONDS,
    );
    this.#seekSeconds = histogram("seek_seconds", "The same of requests for somewhere else in it", WAIT_SECONDS);
    this.#streamBytes = counter("stream_bytes_total", "Bytes of streams handed to clients");
    this.#streamsActive = new Gauge({
      name: "riptide_streams_active",
      help: "Bodies of streams being sent",
      registers,
    });
    this.#stallSeconds = counter(
      "stream_stall_seconds_total",
      "Pauses in streams of a quarter of a second and more, by whom they waited for; client: it took nothing",
      "cause",
    );
    for (const cause of ["peers", "disk", "ffmpeg", "client"]) this.#stallSeconds.inc({ cause }, 0);
    const metadata = histogram("metadata_seconds", "From adding a magnet to its metadata", METADATA_SECONDS);
    this.#metadata = new MetadataTimes(options.engine, options.clock, (seconds) => metadata.observe(seconds));
    addEngineMetrics(this.#registry, options.engine);
    addFfmpegMetrics(this.#registry, options.streams);
    new Gauge({ name: "riptide_build_info", help: "1", labelNames: ["version", "node"], registers }).set(
      { version: options.version, node: process.version },
      1,
    );
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  streamOpened(): void {
    this.#streamsActive.inc();
  }

  streamClosed(): void {
    this.#streamsActive.dec();
  }

  streamBegan({ source, entry }: StreamRecord, ttfbMs: number): void {
    this.#ttfbSeconds.observe({ source }, ttfbMs / 1000);
    if (entry === "start") this.#startSeconds.observe(ttfbMs / 1000);
    if (entry === "seek") this.#seekSeconds.observe(ttfbMs / 1000);
  }

  streamSent(bytes: number): void {
    this.#streamBytes.inc(bytes);
  }

  streamStalled(cause: StallCause, durationMs: number): void {
    this.#stallSeconds.inc({ cause }, durationMs / 1000);
  }

  ended({ route, status, code, durationMs, ...record }: RequestRecord): void {
    // Methods are words of the client's choice.
    const method = METHODS.has(record.method) ? record.method : "other";
    this.#requests.inc({ route, method, code: status });
    this.#requestSeconds.observe({ route, method }, durationMs / 1000);
    if (code !== undefined) this.rejected(code);
  }

  /** Somebody was turned away; `reason` is one of few words of ours. */
  rejected(reason: string): void {
    this.#rejected.inc({ reason });
  }

  [Symbol.dispose](): void {
    this.#metadata[Symbol.dispose]();
    this.#registry.clear();
  }
}

function addEngineMetrics(registry: Registry, engine: MetricsOptions["engine"]): void {
  const statistics = (): EngineStatistics => engine.statistics();
  const { counts, states } = asked(registry);
  states("torrents", "Torrents by state", "state", () => statistics().torrents);
  states("peers", "Addresses of peers by what they are to us", "state", () => statistics().peers);
  counts("piece_hash_failures_total", "Pieces whose hash was wrong", () => statistics().hashFailures);
  counts("peers_banned_total", "Hosts that lied, by what about", () => statistics().bans, "reason");
  counts(
    "download_bytes_total",
    "Payload that came, wasted bytes included",
    () => statistics().downloadedBytes,
    "kind",
  );
  counts("upload_bytes_total", "Payload that peers were given", () => statistics().uploadedBytes);
  states("cache_bytes", "Verified bytes on the disk", undefined, () => statistics().keptBytes);
  states("cache_budget_bytes", "As many may be; no sample: no bound", undefined, () => statistics().maxKeptBytes);
  counts("cache_evictions_total", "Pieces that made way for others", () => statistics().evictedPieces);
  counts("engine_restarts_total", "Torrent sessions that died", () => engine.health().restarts);
}

function addFfmpegMetrics(registry: Registry, streams: MetricsOptions["streams"]): void {
  const { counts, states } = asked(registry);
  states("ffmpeg_processes", "Processes of ffmpeg that convert", undefined, () => streams.ffmpeg?.active ?? 0);
  counts("ffmpeg_exits_total", "Processes of ffmpeg that ended, by how", () => streams.ffmpeg?.exits ?? {}, "reason");
}

/** A number, one for each value of a label, or none. */
type Sample = number | Readonly<Record<string, number>> | undefined;

/** Metrics whose values are asked for at each scrape. Counters, too: what is counted elsewhere is a total already. */
function asked(registry: Registry) {
  const registers = [registry];
  return {
    counts: (name: string, help: string, value: () => Sample, label?: string): void => {
      const counter = new Counter({
        name: `riptide_${name}`,
        help,
        labelNames: label === undefined ? [] : [label],
        registers,
        collect: () => {
          counter.reset();
          forEach(value(), label, (labels, total) => counter.inc(labels, total));
        },
      });
    },
    states: (name: string, help: string, label: string | undefined, value: () => Sample): void => {
      const gauge = new Gauge({
        name: `riptide_${name}`,
        help,
        labelNames: label === undefined ? [] : [label],
        registers,
        collect: () => {
          // Otherwise one that has no value would be 0.
          gauge.remove({});
          forEach(value(), label, (labels, now) => gauge.set(labels, now));
        },
      });
    },
  };
}

function forEach(sample: Sample, label = "", set: (labels: Record<string, string>, value: number) => void): void {
  if (sample === undefined) return;
  if (typeof sample === "number") return set({}, sample);
  for (const [name, value] of Object.entries(sample)) set({ [label]: name }, value);
}
