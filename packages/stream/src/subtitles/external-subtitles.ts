import { unnamedSubtitleSteps } from "@riptide/media";
import { inSlices } from "../in-slices.ts";
import { unsupportedSubtitles } from "./subtitle-errors.ts";

/**
 * A file of subtitles that a viewer has, as WebVTT: SRT, ASS, SSA or WebVTT, in any character set. What it is, its text tells.
 * Rejects with `MediaError` `unsupported_media` if it is none of these, or with the signal's reason.
 */
export async function externalSubtitles(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
  const document = await inSlices(unnamedSubtitleSteps(bytes), signal);
  if (document !== undefined) return document;
  throw unsupportedSubtitles("This file holds no subtitles that Riptide knows. Choose one in SRT, ASS, SSA or WebVTT.");
}
