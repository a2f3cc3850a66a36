import { describe, expect, test } from "vitest";
import { hostPolicy } from "../../src/security/host-policy.ts";
import { createWorld, HOST, problemCode } from "../support/world.ts";

describe("a server bound to 127.0.0.1", () => {
  test.each([
    ["127.0.0.1"],
    ["127.0.0.1:8888"],
    ["127.0.0.1:1"],
    ["localhost:8888"],
    ["localhost.:8888"],
    ["LocalHost:8888"],
    ["[::1]:8888"],
    ["[0:0:0:0:0:0:0:1]"],
    ["films.example"],
    ["FILMS.example.:443"],
  ])("answers to %s", async (host) => {
    const allowedHosts = hostPolicy({ boundTo: "127.0.0.1", names: ["films.example"] });
    const { send } = await createWorld({ allowedHosts });
    expect((await send("/api/torrents", { headers: { host } })).status).toBe(200);
  });

  test.each([
    ["evil.example:8888"],
    ["LOCALHOST.evil.com"],
    ["127.0.0.1.evil.com"],
    ["localhost.localdomain"],
    ["0.0.0.0:8888"],
    ["192.168.1.2:8888"],
    ["[::]:8888"],
    ["[::ffff:127.0.0.1]"],
    ["films.example.evil.com"],
  ])("answers 421 to %s, without the name of a torrent", async (host) => {
    const allowedHosts = hostPolicy({ boundTo: "127.0.0.1", names: ["films.example"] });
    const { send } = await createWorld({ allowedHosts });
    for (const path of ["/", "/api/torrents", "/livez", "/nothing"]) {
      const response = await send(path, { headers: { host } });
      expect(response.status).toBe(421);
      expect(await response.clone().text()).not.toContain("film");
      expect(await problemCode(response)).toBe("misdirected");
    }
  });

  test.each([
    [""],
    ["127.0.0.1, 127.0.0.1"],
    ["127.0.0.1/"],
    ["user@127.0.0.1"],
    ["127.0.0.1:port"],
    ["127.0.0.1:123456"],
    ["[::1"],
    ["[zz]"],
    ["local host"],
  ])("answers 400 to the invalid Host %j", async (host) => {
    const { send } = await createWorld();
    const response = await send("/api/torrents", { headers: { host } });
    expect([response.status, await problemCode(response)]).toEqual([400, "bad_request"]);
  });

  test("answers 400 without a Host", async () => {
    const { app } = await createWorld();
    const response = await app.fetch(new Request(`http://${HOST}/api/torrents`));
    expect([response.status, await problemCode(response)]).toEqual([400, "bad_request"]);
  });

  test("answers 421 to a target with another authority, whatever its Host says", async () => {
    const { app } = await createWorld();
    const response = await app.fetch(new Request("http://evil.example/api/torrents", { headers: { host: HOST } }));
    expect([response.status, await problemCode(response)]).toEqual([421, "misdirected"]);
  });
});

describe.each([
  ["0.0.0.0", ["0.0.0.0", "192.168.1.2", "[fe80::1]", "localhost"], ["evil.example", "nas.local"]],
  ["::", ["[::]", "192.168.1.2", "[2001:db8::7]"], ["evil.example"]],
  ["192.168.1.2", ["192.168.1.2", "localhost", "127.0.0.1"], ["192.168.1.3", "0.0.0.0", "evil.example"]],
  ["nas.local", ["nas.local", "localhost"], ["nas.local.evil.com", "192.168.1.2"]],
])("a server bound to %s", (boundTo, allowed, refused) => {
  test("answers to its own addresses and names only", () => {
    const policy = hostPolicy({ boundTo });
    expect(allowed.filter((hostname) => !policy(hostname))).toEqual([]);
    expect(refused.filter((hostname) => policy(hostname))).toEqual([]);
  });
});
