import { describe, expect, test } from "vitest";
import { rawRequest, statusOf } from "../support/raw-client.ts";
import { serve } from "../support/server.ts";
import { createWorld, FILM_NAME } from "../support/world.ts";

describe("a request that is not what HTTP allows", () => {
  test.each([
    ["without Host", ["GET /api/torrents HTTP/1.1", "Connection: close"], 400],
    ["of HTTP/1.0 without Host", ["GET /api/torrents HTTP/1.0"], 400],
    [
      "with two Hosts",
      ["GET /api/torrents HTTP/1.1", "Host: 127.0.0.1", "Host: evil.example", "Connection: close"],
      400,
    ],
    [
      "with two equal Hosts",
      ["GET /api/torrents HTTP/1.1", "Host: localhost", "Host: localhost", "Connection: close"],
      400,
    ],
    ["for another host", ["GET /api/torrents HTTP/1.1", "Host: evil.example", "Connection: close"], 421],
    ["of HTTP/1.0 for another host", ["GET /api/torrents HTTP/1.0", "Host: evil.example"], 421],
    ["for a name that ends like ours", ["GET / HTTP/1.1", "Host: 127.0.0.1.evil.com", "Connection: close"], 421],
    [
      "with an absolute target of another host",
      ["GET http://evil.example/api/torrents HTTP/1.1", "Host: 127.0.0.1", "Connection: close"],
      421,
    ],
    [
      "with an absolute target of ours and a foreign Host",
      ["GET http://127.0.0.1/api/torrents HTTP/1.1", "Host: evil.example", "Connection: close"],
      421,
    ],
    ["of HTTP/1.0 with an absolute target and no Host", ["GET http://evil.example/api/torrents HTTP/1.0"], 400],
    ["for the server as a whole", ["OPTIONS * HTTP/1.1", "Host: 127.0.0.1", "Connection: close"], 400],
    ["with an invalid absolute target", ["GET http://[/ HTTP/1.1", "Host: 127.0.0.1", "Connection: close"], 400],
    [
      "with two lengths of its body",
      [
        "POST /api/torrents HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Length: 2",
        "Transfer-Encoding: chunked",
        "Connection: close",
      ],
      400,
    ],
    ["with a folded field", ["GET / HTTP/1.1", "Host: 127.0.0.1", "X-A: b", " folded: c", "Connection: close"], 400],
    ["with bare line feeds", ["GET / HTTP/1.1\nHost: 127.0.0.1\n"], 400],
    [
      "with more fields than anybody needs",
      ["GET / HTTP/1.1", "Host: 127.0.0.1", `Range: bytes=${"0-,".repeat(6000)}`],
      431,
    ],
  ])("%s is refused, without the name of a torrent", async (_title, lines, status) => {
    const { app } = await createWorld();
    const { port } = await serve(app);
    const answer = await rawRequest(port, lines);
    expect(statusOf(answer)).toBe(status);
    expect(answer.body.toString()).not.toContain(FILM_NAME);
  });

  test.each([
    ["by name", ["GET /livez HTTP/1.1", "Host: LocalHost:1", "Connection: close"]],
    ["over IPv6", ["GET /livez HTTP/1.1", "Host: [::1]:8888", "Connection: close"]],
    ["as a proxy would", ["GET http://localhost/livez HTTP/1.1", "Host: localhost", "Connection: close"]],
    ["by HTTP/1.0", ["GET /livez HTTP/1.0", "Host: 127.0.0.1"]],
    [
      "with an upgrade nobody offers",
      ["GET /livez HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: close"],
    ],
  ])("does not stand for one %s", async (_title, lines) => {
    const { app } = await createWorld();
    const { port } = await serve(app);
    expect(statusOf(await rawRequest(port, lines))).toBe(200);
  });
});
