import { StreamError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createWorld, DELETE, FILM, MAGNET_ONLY, post, put, type World } from "../support/world.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

describe("/openapi.json", () => {
  test("describes every route of the design", async () => {
    const { send } = await createWorld();
    const { paths, openapi } = await documentOf(send);
    expect(openapi).toBe("3.1.0");
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.sort()).toEqual([
      "DELETE /api/torrents/{infoHash}",
      "DELETE /api/torrents/{infoHash}/files/{index}/viewing",
      "GET /api/events",
      "GET /api/torrents",
      "GET /api/torrents/{infoHash}",
      "GET /api/torrents/{infoHash}/files/{index}",
      "GET /api/torrents/{infoHash}/files/{index}/attachments",
      "GET /api/torrents/{infoHash}/files/{index}/chapters",
      "GET /api/torrents/{infoHash}/files/{index}/map",
      "GET /api/torrents/{infoHash}/files/{index}/thumbnail",
      "GET /api/viewings",
      "GET /livez",
      "GET /readyz",
      "GET /stream/{infoHash}/play.m3u8",
      "GET /stream/{infoHash}/{index}",
      "GET /stream/{infoHash}/{index}/attachments/{attachment}",
      "GET /stream/{infoHash}/{index}/direct",
      "GET /stream/{infoHash}/{index}/hls/audio/{track}/{name}",
      "GET /stream/{infoHash}/{index}/hls/master.m3u8",
      "GET /stream/{infoHash}/{index}/hls/subtitles/{track}/{name}",
      "GET /stream/{infoHash}/{index}/hls/video/{name}",
      "GET /stream/{infoHash}/{index}/play.m3u8",
      "GET /stream/{infoHash}/{index}/remux.mp4",
      "GET /stream/{infoHash}/{index}/subtitles/{name}",
      "GET /stream/{infoHash}/{index}/virtual.mp4",
      "POST /api/subtitles",
      "POST /api/torrents",
      "POST /api/torrents/{infoHash}/files/{index}/link",
      "POST /api/torrents/{infoHash}/files/{index}/playback",
      "POST /api/torrents/{infoHash}/files/{index}/prepare",
      "PUT /api/torrents/{infoHash}/files/{index}/viewing",
    ]);
  });

  const answers: [string, string, string, (world: World) => Promise<Response>][] = [
    [
      "adding",
      "/api/torrents",
      "post",
      ({ send }) => send("/api/torrents", post("application/json", `{"source":"${MAGNET_ONLY}"}`)),
    ],
    [
      "a bad source",
      "/api/torrents",
      "post",
      ({ send }) => send("/api/torrents", post("application/json", '{"source":"x"}')),
    ],
    ["the list", "/api/torrents", "get", ({ send }) => send("/api/torrents")],
    ["a torrent", "/api/torrents/{infoHash}", "get", ({ send }) => send(`/api/torrents/${FILM}`)],
    ["a failed torrent", "/api/torrents/{infoHash}", "get", failedTorrent],
    ["no torrent", "/api/torrents/{infoHash}", "get", ({ send }) => send(`/api/torrents/${MAGNET_ONLY}`)],
    [
      "removing nothing",
      "/api/torrents/{infoHash}",
      "delete",
      ({ send }) => send(`/api/torrents/${MAGNET_ONLY}`, DELETE),
    ],
    [
      "media info",
      "/api/torrents/{infoHash}/files/{index}",
      "get",
      ({ send }) => send(`/api/torrents/${FILM}/files/0`),
    ],
    [
      "a map",
      "/api/torrents/{infoHash}/files/{index}/map",
      "get",
      ({ send }) => send(`/api/torrents/${FILM}/files/0/map?unit=seconds`),
    ],
    ["a playback", PLAYBACK_PATH, "post", ({ send }) => send(PLAYBACK_ADDRESS, post("application/json", CAN))],
    ["no abilities", PLAYBACK_PATH, "post", ({ send }) => send(PLAYBACK_ADDRESS, post("application/json", "{}"))],
    ["a viewing", VIEWING_PATH, "put", watch],
    [
      "a viewing of nothing",
      VIEWING_PATH,
      "delete",
      ({ send }) => send(`/api/torrents/${FILM}/files/9/viewing`, DELETE),
    ],
    [
      "viewings",
      "/api/viewings",
      "get",
      async (world) => {
        await watch(world);
        return world.send("/api/viewings");
      },
    ],
    ["liveness", "/livez", "get", ({ send }) => send("/livez")],
    ["readiness", "/readyz", "get", ({ send }) => send("/readyz")],
    ["unreadiness", "/readyz", "get", unready],
    ["readiness for who has no token", "/readyz", "get", readyForAnybody],
    ["no such file", "/stream/{infoHash}/{index}", "get", ({ send }) => send(`/stream/${FILM}/9`)],
    ["a wrong method", "/livez", "get", ({ send }) => send("/livez", DELETE)],
    ["a wait with Retry-After", "/stream/{infoHash}/{index}", "get", waitInVain],
  ];

  test.each(answers)("describes %s as it is answered", async (_title, path, method, ask) => {
    const world = await createWorld();
    const response = await ask(world);
    const schema = schemaOf(await documentOf(world.send), path, method, response);
    const answer: unknown = await response.json();
    expect(schema.safeParse(answer).error).toBeUndefined();
    expect(schema.safeParse({ ...Object(answer), unknownField: 1 }).success).toBe(false);
  });
});

const PLAYBACK_PATH = "/api/torrents/{infoHash}/files/{index}/playback";
const PLAYBACK_ADDRESS = `/api/torrents/${FILM}/files/0/playback`;
const VIEWING_PATH = "/api/torrents/{infoHash}/files/{index}/viewing";
const CAN = '{"can":{"mse":[],"file":[],"nativeHls":false}}';

function watch({ send }: World): Promise<Response> {
  const watched = { positionSeconds: 90.5, durationSeconds: 120, audio: 1, subtitle: "0" };
  return send(`/api/torrents/${FILM}/files/0/viewing`, put(watched));
}

async function failedTorrent({ send, engine }: World): Promise<Response> {
  engine.failTorrent(FILM, new StreamError("disk_full", "The disk is full."));
  return send(`/api/torrents/${FILM}`);
}

async function unready({ send, engine, streams }: World): Promise<Response> {
  engine.crash();
  streams.ffmpeg = undefined;
  return send("/readyz");
}

async function readyForAnybody(): Promise<Response> {
  const { send } = await createWorld({ token: "another-one" });
  return send("/readyz");
}

async function waitInVain({ send, add, clock }: World): Promise<Response> {
  await add(MAGNET_ONLY);
  return clock.runUntil(send(`/stream/${MAGNET_ONLY}/0`), 60_000);
}

interface ApiDocument {
  readonly openapi: string;
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: Json }> }> }>
  >;
  readonly components: { readonly schemas: Record<string, Json> };
}

async function documentOf(send: World["send"]): Promise<ApiDocument> {
  return (await send("/openapi.json")).json() as Promise<ApiDocument>;
}

/** The schema that the document promises for this very response. */
function schemaOf(document: ApiDocument, path: string, method: string, response: Response): z.ZodType {
  const responses = document.paths[path]?.[method]?.responses;
  const described = responses?.[String(response.status)] ?? responses?.["default"];
  const schema = described?.content?.[response.headers.get("content-type") ?? ""]?.schema;
  if (schema === undefined) throw new Error(`${response.status} of ${method} ${path} is not described`);
  const inlined = inlineReferences(schema, document.components.schemas);
  return z.fromJSONSchema(inlined as Parameters<typeof z.fromJSONSchema>[0]);
}

function inlineReferences(node: Json, schemas: Record<string, Json>): Json {
  if (Array.isArray(node)) return node.map((each) => inlineReferences(each, schemas));
  if (typeof node !== "object" || node === null) return node;
  const reference = node["$ref"];
  if (typeof reference === "string") {
    return inlineReferences(schemas[reference.replace("#/components/schemas/", "")] ?? null, schemas);
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inlineReferences(value, schemas)]));
}
