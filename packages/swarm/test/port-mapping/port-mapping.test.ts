import { describe, expect, it } from "vitest";
import { descriptionOf, startRouter, type TestRouter } from "../../../../test/support/peers/router.ts";
import { realClock } from "../../../../test/support/test-engine.ts";
import { Network } from "../../src/network/network.ts";
import type { Lease } from "../../src/port-mapping/port-mapper.ts";
import { RenewedMapping, startPortMapping } from "../../src/port-mapping/port-mapping.ts";
import { startHttpServer } from "../metainfo/http-server.ts";
import { virtualTime } from "../session/virtual-time.ts";

const PORT = 6_881;
/** The router of these tests is on loopback, and nothing else is its local network. */
const LOOPBACK = new Network({ bindInterface: "127.0.0.1" });

function start({ settings }: TestRouter, network = LOOPBACK) {
  const told: (string | undefined)[] = [];
  const mapping = startPortMapping({
    settings,
    network,
    clock: realClock,
    port: PORT,
    told: (problem) => told.push(problem),
  });
  return { mapping, told };
}

describe("a port of the router", () => {
  it.each([
    ["PCP", { gateway: "pcp", upnp: "silent" }, ["pcp"], ["pcp"], 7_200],
    ["NAT-PMP", { gateway: "nat-pmp", upnp: "silent" }, ["pcp", "nat-pmp"], ["nat-pmp"], 7_200],
    ["UPnP", {}, ["search", "search", "AddPortMapping"], ["DeletePortMapping"], 7_200],
    [
      "UPnP with leases that do not end",
      { upnp: "only permanent leases" },
      ["search", "search", "AddPortMapping", "AddPortMapping"],
      ["DeletePortMapping"],
      0,
    ],
  ] as const)("is opened by %s, and closed at the end", async (_means, options, opening, closing, seconds) => {
    await using router = await startRouter(options);
    const { mapping, told } = start(router);
    await expect.poll(() => told).toEqual([undefined]);
    expect([...router.mappings]).toEqual([[PORT, seconds]]);
    await mapping.close();
    expect([...router.mappings]).toEqual([]);
    expect(router.asked).toEqual([...opening, ...closing]);
  });

  it.each([
    [
      "another machine has it",
      { upnp: "conflict" },
      "another machine has this port of the router: choose another --peer-port",
    ],
    ["nobody answers", { gateway: "silent", upnp: "silent" }, "no router answers"],
    [
      "the router gives another one, which is given back",
      { gateway: "nat-pmp", externalPort: 7_000, upnp: "silent" },
      "no router answers",
    ],
  ] as const)("is not opened when %s", async (_what, options, problem) => {
    await using router = await startRouter(options);
    const { mapping, told } = start(router);
    await expect.poll(() => told).toEqual([problem]);
    expect(router.mappings.size).toBe(0);
    await mapping.close();
  });

  it("is not asked for on the word of somebody outside of the local network", async () => {
    await using router = await startRouter();
    const { mapping, told } = start(router, new Network({}));
    await expect.poll(() => told).toEqual(["no router answers"]);
    expect(router.asked).toEqual(["search", "search"]);
    await mapping.close();
  });

  it("never leads to another host or protocol than that of the router", async () => {
    await using canary = await startHttpServer((_request, response) => response.end(descriptionOf("/control")));
    // The same machine, but by a name that the router does not have.
    const elsewhere = canary.origin.replace("127.0.0.1", "127.0.0.2");
    const redirecting = await startRouter({
      description: (_request, response) => response.writeHead(302, { location: canary.origin }).end(),
    });
    const routers = [
      redirecting,
      await startRouter({ location: `${elsewhere}/description.xml` }),
      await startRouter({ location: "https://127.0.0.1/description.xml" }),
      await startRouter({ location: "file:///etc/passwd" }),
      await startRouter({ description: (_request, response) => response.end(descriptionOf(`${elsewhere}/control`)) }),
    ];
    const mappings = routers.map((router) => start(router));
    await expect.poll(() => mappings.map(({ told }) => told)).toEqual(routers.map(() => [expect.any(String)]));
    await Promise.all(mappings.map(({ mapping }) => mapping.close()));
    await Promise.all(routers.map((router) => router[Symbol.asyncDispose]()));
    expect(canary.paths).toEqual([]);
  });

  it("is given up when the router's description never ends", async () => {
    await using router = await startRouter({
      description: (_request, response) => {
        const more = (): void => void (response.writable && response.write("<service>".repeat(10_000), more));
        more();
      },
    });
    const { mapping, told } = start(router);
    await expect.poll(() => told).toEqual(["the router says too much"]);
    await mapping.close();
  });
});

/** A mapping by one means that lends the port for so many seconds, one after the other, or fails; the last goes on. */
function startRenewing(outcomes: (number | undefined)[]) {
  const clock = virtualTime();
  const startMs = clock.nowMs();
  const askedAtMs: number[] = [];
  const told: (string | undefined)[] = [];
  let unmapped = 0;
  const map = async (): Promise<Lease> => {
    askedAtMs.push(clock.nowMs() - startMs);
    const seconds = outcomes.length > 1 ? outcomes.shift() : outcomes[0];
    if (seconds === undefined) throw new Error("off");
    return { seconds, unmap: async () => void (unmapped += 1) };
  };
  const mapping = new RenewedMapping(
    { settings: {}, network: LOOPBACK, clock, port: PORT, told: (problem) => told.push(problem) },
    [map],
  );
  return { clock, mapping, askedAtMs, told, unmapped: () => unmapped };
}

describe("RenewedMapping", () => {
  it("renews at half of the time, and asks again later when the router is off", async () => {
    const { clock, mapping, askedAtMs, told, unmapped } = startRenewing([1_200, undefined, undefined, 1_200]);
    await clock.advance(31 * 60_000);
    expect(askedAtMs.map((atMs) => atMs / 60_000)).toEqual([0, 10, 20, 30]);
    expect(told).toEqual([undefined, "the router cannot be reached", undefined]);
    await mapping.close();
    await mapping.close();
    expect([unmapped(), clock.pendingTimers]).toEqual([1, 0]);
  });

  it.each([
    ["no more than once a minute", 1, 61],
    ["at least once an hour", 4_000_000_000, 2],
  ])("renews %s, whatever the router says", async (_what, seconds, times) => {
    const { clock, mapping, askedAtMs } = startRenewing([seconds]);
    await clock.advance(60 * 60_000 + 1);
    expect(askedAtMs).toHaveLength(times);
    await mapping.close();
  });
});
