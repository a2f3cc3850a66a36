import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";

/** How a request that comes from another address of this machine is answered; the body is not read. */
export async function answerFrom(localAddress: string, url: string): Promise<{ status: number; retryAfter: string }> {
  const request = get(url, { localAddress });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.destroy();
  return { status: response.statusCode!, retryAfter: response.headers["retry-after"] ?? "" };
}
