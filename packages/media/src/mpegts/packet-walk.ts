import type { Packet } from "../packet.ts";
import type { StreamCursor } from "../stream-cursor.ts";
import { type PacketMaker, packetMaker } from "./packet-maker.ts";
import type { TransportFilm } from "./transport-film.ts";
import type { TransportTrack } from "./transport-track.ts";
import type { PesUnit } from "./unit-assembler.ts";
import { UnitWalk } from "./unit-walk.ts";

/** What is needed of a film to walk through it, with those of its tracks that are wanted. */
export type WalkedFilm = Pick<TransportFilm, "layout" | "lead" | "originTicks" | "tracks">;

/** Walks through a stretch of a film, and beyond its end as far as it takes to complete what began in it. */
export class PacketWalk {
  readonly #lead: TransportTrack | undefined;
  readonly #endBytes: number;
  readonly #makers: ReadonlyMap<number, PacketMaker>;
  readonly #walk: UnitWalk;
  #packets: Packet[] = [];

  constructor({ layout, lead, originTicks, tracks }: WalkedFilm, endBytes: number) {
    const pids = tracks.map(({ coded }) => [coded.number, { isPicture: coded.track.kind === "video" }] as const);
    this.#lead = lead;
    this.#endBytes = endBytes;
    this.#makers = new Map(tracks.map((track) => [track.coded.number, packetMaker(track, originTicks)] as const));
    this.#walk = new UnitWalk(layout, new Map(pids));
  }

  /** As `UnitWalk.run`. */
  run(cursor: StreamCursor): number {
    const neededBytes = this.#walk.run(cursor);
    this.#take(this.#walk.takeUnits());
    return neededBytes;
  }

  /** The packets that have become whole since the last call. */
  takePackets(): readonly Packet[] {
    const packets = this.#packets;
    this.#packets = [];
    return packets;
  }

  isBeyond(offsetBytes: number): boolean {
    return offsetBytes > this.#endBytes;
  }

  /** Whether anything that began in the stretch is not whole yet. */
  get isOpen(): boolean {
    return [...this.#makers].some(([pid, maker]) => {
      const openOffsetBytes = this.#walk.openOffsetBytes(pid) ?? this.#endBytes;
      return maker.hasRest || openOffsetBytes < this.#endBytes;
    });
  }

  /** No packet of any track follows. */
  finishAll(): void {
    for (const pid of this.#makers.keys()) this.#take(this.#walk.finish(pid));
  }

  /** A picture of the leading track begins at the end. */
  finishLead(): void {
    if (this.#lead?.coded.track.kind === "video") this.#take(this.#walk.finish(this.#lead.coded.number));
  }

  #take(units: readonly PesUnit[]): void {
    for (const unit of units) {
      const maker = this.#makers.get(unit.pid);
      const isInStretch = unit.offsetBytes < this.#endBytes;
      this.#packets.push(...((isInStretch ? maker?.packetsOf(unit) : maker?.complete(unit)) ?? []));
    }
  }
}
