import { z } from "@hono/zod-openapi";

const infoHash = z
  .string()
  .regex(/^[0-9a-f]{40}$/i, "An info hash is 40 hexadecimal digits.")
  .transform((digits) => digits.toLowerCase())
  .openapi({ param: { name: "infoHash", in: "path" }, example: "0123456789abcdef0123456789abcdef01234567" });

const fileIndex = z
  .string()
  .regex(/^\d{1,7}$/, "A file is named by its index in the torrent, a whole number.")
  .transform(Number)
  .openapi({ param: { name: "index", in: "path" }, type: "integer" });

/** Path parameters of a torrent, and of one of its files. */
export const torrentTarget = z.object({ infoHash });
export const fileTarget = z.object({ infoHash, index: fileIndex });

export type FileTarget = z.infer<typeof fileTarget>;
