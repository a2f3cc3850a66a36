import { describe, expect, it } from "vitest";
import { ConnectionBudget, type Need, type Tenant } from "../../src/session/connection-budget.ts";

/** A torrent with connections that are nothing but the time of their last use. */
class FakeTenant implements Tenant {
  need: Need;
  dials = 0;
  readonly usedAtMs: number[];

  constructor(budget: ConnectionBudget, need: Need, size = 0, usedAtMs = 0) {
    this.need = need;
    this.usedAtMs = Array.from({ length: size }, () => usedAtMs);
    budget.enter(this);
  }
  get size(): number {
    return this.usedAtMs.length;
  }
  longestIdle(): ReturnType<Tenant["longestIdle"]> {
    const sinceMs = Math.min(...this.usedAtMs);
    if (this.usedAtMs.length === 0) return undefined;
    return { sinceMs, giveWay: () => void this.usedAtMs.splice(this.usedAtMs.indexOf(sinceMs), 1) };
  }
}

describe("ConnectionBudget", () => {
  it.each<[Need, number, number, number, number]>([
    ["wanted", 0, 0, 30, 60],
    ["wanted", 30, 15, 15, 30],
    ["wanted", 55, 0, 5, 5],
    ["wanted", 60, 0, 0, 0],
    ["unknown", 10, 10, 10, 50],
    ["idle", 0, 0, 2, 8],
    ["idle", 7, 0, 1, 1],
    ["idle", 3, 2, 0, 5],
    ["idle", 60, 0, 0, 0],
  ])(
    "lets a torrent that is %s and has %i connections, %i of them dials, dial %i more and take %i",
    (need, size, dials, moreDials, more) => {
      const budget = new ConnectionBudget();
      const tenant = new FakeTenant(budget, need, size);
      tenant.dials = dials;
      expect(budget.freeDials(tenant)).toBe(moreDials);
      let taken = 0;
      for (; budget.mayAccept(tenant); taken += 1) tenant.usedAtMs.push(0);
      expect(taken).toBe(more);
    },
  );

  it("lets the idle fill half of all, those without metadata three quarters, and neither stand in a reader's way", () => {
    const budget = new ConnectionBudget(100);
    const fill = (need: Need): number => {
      const tenants = Array.from({ length: 50 }, () => new FakeTenant(budget, need));
      for (const tenant of tenants) grow(budget, tenant);
      return tenants.reduce((sum, { size }) => sum + size, 0);
    };
    expect([fill("idle"), fill("unknown"), fill("wanted")]).toEqual([50, 75, 100]);
  });

  it("closes what was used longest ago, of those that are needed least", () => {
    const budget = new ConnectionBudget(6);
    const unknown = new FakeTenant(budget, "unknown", 2, 1);
    const idle = [new FakeTenant(budget, "idle", 2, 30), new FakeTenant(budget, "idle", 2, 20)];
    const wanted = new FakeTenant(budget, "wanted");
    const sizes: number[][] = [];
    while (budget.mayAccept(wanted)) {
      budget.makeRoomFor(wanted);
      wanted.usedAtMs.push(0);
      sizes.push([unknown, ...idle].map(({ size }) => size));
    }
    expect(sizes).toEqual([
      [2, 2, 1],
      [2, 2, 0],
      [2, 1, 0],
      [2, 0, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("closes nothing while there is room", () => {
    const budget = new ConnectionBudget(4);
    const idle = new FakeTenant(budget, "idle", 2);
    const first = new FakeTenant(budget, "wanted", 1);
    budget.makeRoomFor(new FakeTenant(budget, "wanted"));
    expect([idle.size, first.size]).toEqual([2, 1]);
  });

  it.each<[Need, number, number[]]>([
    ["wanted", 100, [50, 50]],
    ["unknown", 100, [38, 37]],
    ["idle", 12, [3, 3]],
  ])(
    "shares places among torrents that are %s alike, of %i in all, and then closes nothing more",
    (need, limit, shares) => {
      const budget = new ConnectionBudget(limit);
      const first = new FakeTenant(budget, need);
      grow(budget, first);
      const second = new FakeTenant(budget, need);
      grow(budget, second);
      expect([first.size, second.size]).toEqual(shares);
      grow(budget, first);
      expect([first.size, second.size]).toEqual(shares);
      budget.leave(second);
      second.usedAtMs.length = 0;
      grow(budget, first);
      expect(first.size).toBeGreaterThan(shares[0] ?? 0);
    },
  );

  it("takes places from whoever has most, and leaves those alone that have no more than their share", () => {
    const budget = new ConnectionBudget(90);
    const [rich, poor] = [new FakeTenant(budget, "wanted", 60), new FakeTenant(budget, "wanted", 30)];
    const third = new FakeTenant(budget, "wanted");
    grow(budget, third);
    expect([rich, poor, third].map(({ size }) => size)).toEqual([30, 30, 30]);
  });

  it("lets nobody else take the place of a connection that makes room", () => {
    const budget = new ConnectionBudget(60);
    const first = new FakeTenant(budget, "wanted", 60);
    let freeMeanwhile: unknown;
    const longestIdle = first.longestIdle.bind(first);
    first.longestIdle = () => {
      const idle = longestIdle();
      if (idle === undefined) return undefined;
      const giveWay = (): void => {
        idle.giveWay();
        freeMeanwhile = [budget.mayAccept(first), budget.freeDials(first)];
      };
      return { ...idle, giveWay };
    };
    const second = new FakeTenant(budget, "wanted");
    budget.makeRoomFor(second);
    expect(freeMeanwhile).toEqual([false, 0]);
    expect([first.size, budget.mayAccept(second)]).toEqual([59, true]);
  });

  it("closes nothing of the only torrent to make room for itself", () => {
    const budget = new ConnectionBudget(4);
    const only = new FakeTenant(budget, "wanted", 4);
    expect(budget.mayAccept(only)).toBe(false);
    const crowd = Array.from({ length: 9 }, () => new FakeTenant(budget, "wanted", 0));
    for (const tenant of crowd) grow(budget, tenant);
    expect(only.size + crowd.reduce((sum, { size }) => sum + size, 0)).toBe(4);
    expect(only.size).toBe(1);
  });
});

/** Opens as many connections as it may. */
function grow(budget: ConnectionBudget, tenant: FakeTenant): void {
  while (budget.mayAccept(tenant)) {
    budget.makeRoomFor(tenant);
    tenant.usedAtMs.push(0);
  }
}
