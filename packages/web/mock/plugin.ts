import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { type MockEvent, MockServer } from "./mock-server.ts";

/** How often the mock's torrents come further, as often as the server tells of them at most. */
const STEP_MS = 500;

/** Larger bodies are no torrent. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** Every file of the mock plays this one. */
const FILM = fileURLToPath(new URL("../../cli/demo/films/Riptide demo (MP4).mp4", import.meta.url));

/** Answers the API in the dev server in place of Riptide: `npm run dev -- --mock`. */
export function mockApi(): Plugin {
  return {
    name: "riptide-mock-api",
    configureServer({ middlewares, httpServer }) {
      const mock = new MockServer({ nowMs: Date.now });
      const timer = setInterval(() => mock.advance(STEP_MS / 1000), STEP_MS);
      httpServer?.once("close", () => clearInterval(timer));
      middlewares.use((request, response, next) => {
        const path = request.url ?? "/";
        const fail = (error: unknown): void => void response.destroy(error instanceof Error ? error : undefined);
        if (path.startsWith("/api/events")) sendEvents(mock, request, response);
        else if (path.startsWith("/api/")) answer(mock, request, response).catch(fail);
        else if (/^\/stream\/[0-9a-f]{40}\/\d+\/direct/.test(path)) sendFilm(request, response).catch(fail);
        else next();
      });
    },
  };
}

function sendEvents(mock: MockServer, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const send = ({ name, data }: MockEvent): void => {
    response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  send(mock.snapshot());
  const subscription = mock.subscribe(send);
  request.once("close", () => subscription[Symbol.dispose]());
}

async function answer(mock: MockServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const { status, json } = mock.answer({ method: request.method ?? "GET", path: request.url ?? "/", body });
  const mediaType = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, json === undefined ? {} : { "content-type": mediaType });
  response.end(json === undefined ? undefined : JSON.stringify(json));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new Error("This body is too large.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("latin1");
}

async function sendFilm(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { size } = await stat(FILM);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = to === undefined || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  response.writeHead(from === undefined ? 200 : 206, {
    "content-type": "video/mp4",
    "accept-ranges": "bytes",
    "content-length": end - start + 1,
    ...(from !== undefined && { "content-range": `bytes ${start}-${end}/${size}` }),
  });
  createReadStream(FILM, { start, end }).pipe(response);
}
