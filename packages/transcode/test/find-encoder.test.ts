import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findEncoder, type Machine } from "../src/find-encoder.ts";
import { HARDWARE_ENCODERS, type HardwareEncoder } from "../src/h264-encoding.ts";
import type { FfmpegInstallation } from "../src/index.ts";
import { fakeFfmpeg, temporaryFolder } from "./support/fake-ffmpeg.ts";

const { signal } = new AbortController();
const linux: Machine = { platform: "linux", hasDevice: async () => true };

async function installation(script: string, hardwareEncoders: readonly HardwareEncoder[] = HARDWARE_ENCODERS) {
  const path = await fakeFfmpeg(script);
  return { path, version: "5.9-test", canEncodeH264: true, hardwareEncoders } satisfies FfmpegInstallation;
}

describe("The encoder of pictures", () => {
  test("is the first one of hardware that encodes a frame, tried one after the other", async () => {
    const log = join(await temporaryFolder(), "tried");
    const script = `for word; do case $word in h264_*) echo $word >> ${log}; test $word = h264_vaapi; exit;; esac; done`;
    expect(await findEncoder(await installation(script), { signal, machine: linux })).toBe("h264_vaapi");
    expect((await readFile(log, "utf8")).trim().split("\n")).toEqual(["h264_nvenc", "h264_qsv", "h264_vaapi"]);
  });

  test("is tried with the arguments of films, on one frame that it makes itself", async () => {
    const log = join(await temporaryFolder(), "words");
    await findEncoder(await installation(`printf '%s\\n' "$@" >> ${log}`, ["h264_vaapi"]), { signal, machine: linux });
    const line = (await readFile(log, "utf8")).trim().replaceAll("\n", " ");
    expect(line).toContain("-init_hw_device vaapi=gpu:/dev/dri/renderD128 -filter_hw_device gpu -f lavfi -i color=");
    expect(line).toMatch(/-frames:v 1 -vf \S+,format=nv12,hwupload -c:v h264_vaapi .* -f null -$/);
  });

  test.each<[string, string, Partial<FfmpegInstallation>, string | undefined]>([
    ["libx264 if none of hardware works", "exit 1", {}, "libx264"],
    ["libx264 if none is built in", "exit 0", { hardwareEncoders: [] }, "libx264"],
    ["none if there is no libx264 either", "exit 1", { canEncodeH264: false }, undefined],
  ])("is %s", async (_, script, abilities, expected) => {
    const ffmpeg = { ...(await installation(script)), ...abilities };
    expect(await findEncoder(ffmpeg, { signal, machine: linux })).toBe(expected);
  });

  test("is libx264 for an installation that says nothing of hardware", async () => {
    const { path, version, canEncodeH264 } = await installation("exit 0");
    expect(await findEncoder({ path, version, canEncodeH264 }, { signal, machine: linux })).toBe("libx264");
  });

  test.each<[NodeJS.Platform, string[], HardwareEncoder[]]>([
    ["linux", [], []],
    ["linux", ["/dev/nvidiactl"], ["h264_nvenc"]],
    ["linux", ["/dev/dri/renderD128"], ["h264_qsv", "h264_vaapi"]],
    ["darwin", [], ["h264_videotoolbox"]],
    ["win32", [], ["h264_nvenc", "h264_qsv"]],
    ["freebsd", ["/dev/dri/renderD128"], []],
  ])("on %s with %j, only %j can be there, and only those are tried", async (platform, devices, expected) => {
    const log = join(await temporaryFolder(), "tried");
    const ffmpeg = await installation(`for word; do case $word in h264_*) echo $word >> ${log};; esac; done; exit 1`);
    const machine: Machine = { platform, hasDevice: async (path) => devices.includes(path) };
    expect(await findEncoder(ffmpeg, { signal, machine })).toBe("libx264");
    const tried = await readFile(log, "utf8").catch(() => "");
    expect(tried.split("\n").filter(Boolean)).toEqual(expected);
  });

  test("is looked for no longer than anybody waits", async () => {
    const client = new AbortController();
    const found = findEncoder(await installation("exec sleep 1000"), { signal: client.signal, machine: linux });
    client.abort(new Error("The client is gone."));
    await expect(found).rejects.toBe(client.signal.reason);
  });
});
