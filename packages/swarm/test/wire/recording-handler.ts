import type { BlockRequest } from "../../src/types.ts";
import type { BlockTarget, RemoteHandshake, WireHandler } from "../../src/wire/index.ts";

/** What a handler heard: the name of the call, then what it was called with. */
export type Call = readonly [name: string, ...details: unknown[]];

/** Writes down all that a wire says, except the ends of reads, and stores blocks where `targetOf` says. */
export class RecordingHandler implements WireHandler {
  readonly calls: Call[] = [];
  readEnds = 0;
  remote: RemoteHandshake | undefined;
  targetOf: (block: BlockRequest) => BlockTarget | null = () => null;
  onCall: (name: string) => void = () => undefined;
  /** Not recorded: when it comes is the network's choice. */
  onConnect?: () => void;

  onHandshake(remote: RemoteHandshake): void {
    this.remote = remote;
    this.#record("handshake");
  }
  onChoke(): void {
    this.#record("choke");
  }
  onUnchoke(): void {
    this.#record("unchoke");
  }
  onInterested(): void {
    this.#record("interested");
  }
  onNotInterested(): void {
    this.#record("notInterested");
  }
  onHave(piece: number): void {
    this.#record("have", piece);
  }
  onBitfield(bits: Uint8Array): void {
    this.#record("bitfield", bits);
  }
  onHaveAll(): void {
    this.#record("haveAll");
  }
  onHaveNone(): void {
    this.#record("haveNone");
  }
  onRequest(block: BlockRequest): void {
    this.#record("request", block);
  }
  onCancel(block: BlockRequest): void {
    this.#record("cancel", block);
  }
  onReject(block: BlockRequest): void {
    this.#record("reject", block);
  }
  onExtended(extensionId: number, payload: Uint8Array): void {
    this.#record("extended", extensionId, payload);
  }
  onPort(port: number): void {
    this.#record("port", port);
  }
  blockTarget(block: BlockRequest): BlockTarget | null {
    this.#record("blockTarget", block);
    return this.targetOf(block);
  }
  onBlock(block: BlockRequest, stored: boolean): void {
    this.#record("block", block, stored);
  }
  onReadEnd(): void {
    this.readEnds += 1;
  }
  onClose(reason: string): void {
    this.#record("close", reason);
  }

  /** Reasons of all closes: there must be one at most. */
  get closeReasons(): unknown[] {
    return this.calls.filter(([name]) => name === "close").map(([, reason]) => reason);
  }

  names(): string[] {
    return this.calls.map(([name]) => name);
  }

  #record(...call: [string, ...unknown[]]): void {
    this.calls.push(call);
    this.onCall(call[0]);
  }
}

/** The same calls with bytes spelled in hex: `toEqual` compares long arrays element by element, for seconds. */
export function spelled(calls: readonly Call[]): Call[] {
  return calls.map(([name, ...details]) => [name, ...details.map(spell)]);
}

function spell(detail: unknown): unknown {
  return detail instanceof Uint8Array ? Buffer.from(detail).toString("hex") : detail;
}
