import { createSocket } from "node:dgram";
import { once } from "node:events";
import { clockFrom } from "@riptide/core";
import { createVirtualClock } from "@riptide/sim";
import { expect, onTestFinished, test } from "vitest";
import { parseCommandLine, type ServeOptions } from "../../src/arguments.ts";
import { checkDht, checkDns } from "../../src/doctor/check-internet.ts";

const { signal } = new AbortController();
const realClock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });

function options(...words: readonly string[]): ServeOptions {
  const command = parseCommandLine(["doctor", ...words], {});
  if (command.kind !== "doctor") throw new Error("The word doctor asks for the doctor");
  return command.options;
}

test("names that are looked up are fine", async () => {
  const internet = { lookup: () => Promise.resolve("192.0.2.1") };
  expect(await checkDns(options(), { clock: realClock, internet, signal })).toMatchObject({
    check: "dns",
    status: "ok",
  });
});

test("names that are not found are told with the reason", async () => {
  const internet = { lookup: () => Promise.reject(Object.assign(new Error("no"), { code: "EAI_AGAIN" })) };
  expect(await checkDns(options(), { clock: realClock, internet, signal })).toEqual({
    check: "dns",
    status: "warn",
    message: expect.stringMatching(/^router\.bittorrent\.com cannot be looked up \(EAI_AGAIN\)\. .*resolv\.conf/),
  });
});

test("a resolver that never answers is waited for five seconds", async () => {
  const clock = createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const finding = checkDns(options(), { clock, internet: { lookup: () => new Promise(() => {}) }, signal });
  await clock.advance(5_000);
  expect(await finding).toMatchObject({ status: "warn", message: expect.stringContaining("(ETIMEOUT)") });
  expect(clock.pendingTimers).toBe(0);
});

test("a DHT that answers is reached", async () => {
  const router = createSocket("udp4");
  onTestFinished(() => void router.close());
  // Every query (BEP 5) has a transaction id, and an answer the id of the node.
  router.on("message", (message, { address, port }) => {
    const [, transaction = ""] = /1:t(\d+:[^]*?)(?:1:[vy]|e$)/.exec(message.toString("latin1")) ?? [];
    const answer = `d1:rd2:id20:${"r".repeat(20)}5:nodes0:e1:t${transaction}1:y1:re`;
    router.send(Buffer.from(answer, "latin1"), port, address);
  });
  router.bind(0, "127.0.0.1");
  await once(router, "listening");
  const bootstrap = [{ host: "127.0.0.1", port: router.address().port }];
  const internet = { lookup: () => Promise.resolve(), bootstrap };
  const finding = await checkDht(options("--bind-interface=127.0.0.1"), { clock: realClock, internet, signal });
  expect(finding).toMatchObject({ check: "dht", status: "ok", message: expect.stringContaining("answers") });
});

test("a DHT that is silent is waited for five seconds, and UDP is to be let out", async () => {
  const router = createSocket("udp4").bind(0, "127.0.0.1");
  onTestFinished(() => void router.close());
  await once(router, "listening");
  const bootstrap = [{ host: "127.0.0.1", port: router.address().port }];
  const internet = { lookup: () => Promise.resolve(), bootstrap };
  const clock = createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const finding = checkDht(options("--bind-interface=127.0.0.1"), { clock, internet, signal });
  await once(router, "message");
  expect(await clock.runUntil(finding, 6_000)).toMatchObject({
    status: "warn",
    message: expect.stringContaining("within 5 s. Let UDP out"),
  });
});

test.each([
  ["--no-dht", "The DHT is not used."],
  ["--proxy=socks5://127.0.0.1:1", "Through the proxy the DHT is not used."],
])("with %s it is left alone", async (word, message) => {
  const internet = { lookup: () => Promise.reject(new Error("not asked")) };
  expect(await checkDht(options(word), { clock: realClock, internet, signal })).toEqual({
    check: "dht",
    status: "ok",
    message,
  });
});

test("an interface that is not there is not gone around", async () => {
  const internet = { lookup: () => Promise.reject(new Error("not asked")) };
  const finding = await checkDht(options("--bind-interface=nosuch0"), { clock: realClock, internet, signal });
  expect(finding).toMatchObject({ status: "warn", message: expect.stringContaining("nosuch0 has no IPv4 address") });
});

test("through a proxy no name is looked up here", async () => {
  const internet = { lookup: () => Promise.reject(new Error("not asked")) };
  const finding = await checkDns(options("--proxy=socks5://127.0.0.1:1"), { clock: realClock, internet, signal });
  expect(finding).toEqual({ check: "dns", status: "ok", message: "Names are looked up by the proxy." });
});
