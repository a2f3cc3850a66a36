import { request as httpRequest } from "node:http";
import { withDeadline } from "../metainfo/deadline.ts";
import { httpRoute } from "../network/http-route.ts";
import { MappingError, type MappingRequest, noAnswer } from "./port-mapper.ts";

/** Descriptions of routers have 10 to 30 KB. */
const MAX_ANSWER_BYTES = 256 * 1024;
const ANSWER_LIMIT_MS = 3_000;

export interface RouterAnswer {
  readonly status: number;
  readonly text: string;
  /** Our address, as the router sees it. */
  readonly ownHost: string;
}

/** Asks a router by HTTP, without following it anywhere. Rejects with `MappingError`, the system's error or the signal's reason. */
export async function askRouter(
  url: URL,
  { network, clock, signal }: Pick<MappingRequest, "network" | "clock" | "signal">,
  post?: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<RouterAnswer> {
  return await withDeadline({ clock, signal, timeoutMs: ANSWER_LIMIT_MS, timeoutError: noAnswer }, async (inTime) => {
    const { options: route } = await httpRoute(network, url, { signal: inTime, reach: "anywhere" });
    return await new Promise<RouterAnswer>((resolve, reject) => {
      const method = post === undefined ? "GET" : "POST";
      const request = httpRequest(url, { ...route, method, headers: { ...post?.headers }, signal: inTime });
      request.on("error", reject).on("close", () => reject(new MappingError("the router hangs up")));
      request.on("upgrade", (_response, socket) => socket.destroy());
      request.on("response", (response) => {
        const ownHost = response.socket.localAddress ?? "";
        const chunks: Uint8Array[] = [];
        let receivedBytes = 0;
        response.on("error", reject);
        response.on("data", (chunk: Uint8Array) => {
          receivedBytes += chunk.length;
          if (receivedBytes > MAX_ANSWER_BYTES) request.destroy(new MappingError("the router says too much"));
          else chunks.push(chunk);
        });
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, text, ownHost });
        });
      });
      request.end(post?.body);
    });
  });
}
