import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { PlaybackChoice, PlaybackMode } from "@riptide/stream";
import { type Playback, playbackRequestSchema, playbackSchema } from "../api-schemas.ts";
import { openStream, type RouteOptions } from "../open-stream.ts";
import { readJsonAs } from "../request-body.ts";
import { openingQueries, type StreamLinks, streamPath } from "../security/stream-links.ts";
import { describeBody } from "./described-body.ts";
import { jsonContent } from "./json-content.ts";
import { type FileTarget, fileTarget } from "./targets.ts";

/** How a player that says what it can plays a file. Changes nothing: it is asked by POST because it says so much. */
export function addPlaybackRoute(routes: OpenAPIHono, options: RouteOptions, links: StreamLinks | undefined): void {
  routes.openapi(choosePlayback, async (context) => {
    const request = context.req.raw;
    const target = context.req.valid("param");
    const expected = 'The body must be {"can": {"mse": […], "file": […], "nativeHls": …}}.';
    const { can, audio } = await readJsonAs(playbackRequestSchema, request, expected);
    const opened = await openStream(request, target, options);
    return context.json(playbackView(await options.streams.playback(opened, can, audio), target, links), 200);
  });
  describeBody(routes, choosePlayback, { "application/json": { schema: playbackRequestSchema } });
}

/** With an access token, the address is signed: whoever may ask hands it to a player that has none. */
function playbackView(choice: PlaybackChoice, target: FileTarget, links: StreamLinks | undefined): Playback {
  const { mode, streamType } = choice;
  const reasons = choice.reasons.map(({ code, message }) => ({ code, message }));
  if (mode === "unsupported") return { mode, reasons };
  return {
    mode,
    url: streamPath(target, NAMES[mode], [...queryOf(choice), ...openingQueries(links, target)]),
    ...(streamType && { streamType }),
    reasons,
  };
}

const NAMES: Readonly<Record<Exclude<PlaybackMode, "unsupported">, string>> = {
  direct: "direct",
  virtual: "virtual.mp4",
  hls: "hls/master.m3u8",
  remux: "remux.mp4",
  transcode: "remux.mp4",
};

/** One stream has the sound that was chosen for it, and is told what to convert. HLS has all of them, and its player chooses: it is told what to convert. */
function queryOf({ mode, video, audio, reasons }: PlaybackChoice): string[] {
  if (mode === "hls") {
    const converted = audio.filter(({ treatment }) => treatment === "aac").map(({ index }) => index);
    return converted.length === 0 ? [] : [`aac=${converted.join(",")}`];
  }
  // The tracks of a file whose index is moved stay as they are.
  if (mode === "direct" || reasons.some(({ code }) => code === "index_moved")) return [];
  const [sound] = audio;
  return [
    ...(sound === undefined ? [] : [`audio=${sound.index}`]),
    ...(sound?.treatment === "aac" ? ["sound=aac"] : []),
    ...(video?.treatment === "h264" ? ["video=h264"] : []),
  ];
}

const choosePlayback = createRoute({
  method: "post",
  path: "/api/torrents/{infoHash}/files/{index}/playback",
  summary: "Choose how a player that says what it can plays a file",
  hide: true, // see `describeBody`
  request: { params: fileTarget },
  responses: { 200: jsonContent(playbackSchema, "What to play, and why") },
});
