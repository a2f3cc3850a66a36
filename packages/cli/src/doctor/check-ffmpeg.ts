import { RiptideError } from "@riptide/core";
import { discoverFfmpeg } from "@riptide/transcode";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Whether ffmpeg is there and can do what is asked of it. */
export async function checkFfmpeg(path: string | undefined, signal: AbortSignal): Promise<Finding> {
  try {
    const found = await discoverFfmpeg({ ...(path !== undefined && { path }), signal });
    if (found === undefined) {
      const advice = "Install it (Debian: apt install ffmpeg); without it what must be converted does not play.";
      return warn("ffmpeg", `No ffmpeg 5.1 or newer is on the PATH. ${advice}`);
    }
    const { version, canEncodeH264, hardwareEncoders = [] } = found;
    if (canEncodeH264)
      return ok("ffmpeg", `ffmpeg ${version} at ${found.path} converts sound to AAC and pictures to H.264.`);
    const hardware =
      hardwareEncoders.length > 0 ? "only a graphics card can convert pictures" : "no picture is converted";
    return warn(
      "ffmpeg",
      `ffmpeg ${version} at ${found.path} has no libx264, so that ${hardware}: install one that has it.`,
    );
  } catch (error) {
    if (!(error instanceof RiptideError)) throw error;
    return fail("ffmpeg", error.message);
  }
}
