import { expect, test } from "vitest";
import {
  fileMapSchema,
  linkSchema,
  playbackSchema,
  problemSchema,
  torrentListSchema,
  torrentSchema,
} from "../../../http/src/api-schemas.ts";
import { mediaInfoSchema } from "../../../http/src/media-info-schema.ts";
import { viewingListSchema, viewingSchema } from "../../../http/src/viewing-schemas.ts";
import { type MockEvent, MockServer } from "../../mock/mock-server.ts";
import { ALBUM, CROWD, DOWNLOADING, FAILED, HOSTILE, SERIES, WAITING, WHOLE } from "../../mock/torrents.ts";

interface Schema {
  safeParse(value: unknown): { readonly error?: Error | undefined };
}

const FILM = `/api/torrents/${DOWNLOADING}/files/0`;

test.each<[string, string, number, Schema | undefined, string?]>([
  ["GET", "/api/torrents", 200, torrentListSchema],
  ["GET", "/api/viewings", 200, viewingListSchema],
  ...[WAITING, DOWNLOADING, SERIES, FAILED, HOSTILE, WHOLE, ALBUM].map(
    (infoHash) => ["GET", `/api/torrents/${infoHash}`, 200, torrentSchema] as [string, string, number, Schema],
  ),
  ["GET", FILM, 200, mediaInfoSchema],
  ["GET", `${FILM}/map?unit=seconds`, 200, fileMapSchema],
  ["GET", `${FILM}/thumbnail?t=3&width=160`, 204, undefined],
  ["POST", `${FILM}/playback`, 200, playbackSchema],
  ["POST", `${FILM.slice(0, -1)}1/playback`, 200, playbackSchema],
  ["POST", `${FILM}/link`, 200, linkSchema],
  ["POST", `${FILM}/prepare`, 202, undefined],
  ["PUT", `${FILM}/viewing`, 200, viewingSchema, '{"positionSeconds":12,"durationSeconds":30}'],
  ["DELETE", `${FILM}/viewing`, 204, undefined],
  ["DELETE", `/api/torrents/${DOWNLOADING}`, 204, undefined],
  ["POST", "/api/torrents", 201, torrentSchema, `{"source":"magnet:?xt=urn:btih:${"8".repeat(40)}&dn=New"}`],
  ["POST", "/api/torrents", 201, torrentSchema, `{"source":"${CROWD}"}`],
  ["POST", "/api/torrents", 201, torrentSchema, "d8:announce0:e"],
  ["POST", "/api/torrents", 400, problemSchema, '{"source":"hello"}'],
  ["GET", `/api/torrents/${"9".repeat(40)}`, 404, problemSchema],
  ["GET", `${FILM.slice(0, -1)}99`, 404, problemSchema],
  ["GET", `${FILM}/nothing`, 404, problemSchema],
  ["GET", "/api/nothing", 404, problemSchema],
])("%s %s is answered with %d as the server would", (method, path, status, schema, body = "") => {
  const answer = new MockServer({ nowMs: () => 0 }).answer({ method, path, body });
  expect(answer.status).toBe(status);
  expect(schema === undefined ? answer.json : schema.safeParse(answer.json).error).toBeUndefined();
});

test("what the server tells are events of its shapes, of which an update names only files that changed", () => {
  let nowMs = 0;
  const mock = new MockServer({ nowMs: () => nowMs });
  const events: MockEvent[] = [mock.snapshot()];
  using _ = mock.subscribe((event) => events.push(event));
  mock.answer({ method: "POST", path: "/api/torrents", body: `{"source":"${"8".repeat(40)}"}` });
  mock.advance(0.5);
  nowMs = 5_000;
  mock.advance(0.5);
  mock.answer({ method: "PUT", path: `${FILM}/viewing`, body: '{"positionSeconds":29.9,"durationSeconds":30}' });
  mock.answer({ method: "DELETE", path: `${FILM}/viewing`, body: "" });
  mock.answer({ method: "DELETE", path: `/api/torrents/${SERIES}`, body: "" });
  expect(events.map(told)).toEqual([
    "snapshot of 7",
    `added ${"8".repeat(40)}`,
    `updated ${DOWNLOADING}: 0`,
    `updated ${DOWNLOADING}: 0`,
    `updated ${"8".repeat(40)}: 0`,
    "viewing finished",
    "viewingRemoved",
    `removed ${SERIES}`,
  ]);
});

/** The event in short, once its data are known to be of its shape. */
function told({ name, data }: MockEvent): string {
  if (name === "snapshot") return `snapshot of ${torrentListSchema.parse({ torrents: data.torrents }).torrents.length}`;
  if (name === "added") return `added ${torrentSchema.parse(data).infoHash}`;
  if (name === "viewing") return `viewing ${viewingSchema.parse(data).isFinished ? "finished" : "begun"}`;
  if (name === "removed") return `removed ${data.infoHash}`;
  if (name !== "updated") return name;
  const files = torrentSchema.parse(data).files.map(({ index }) => index);
  return `updated ${data.infoHash}: ${files.join()}`;
}
