import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startProcess } from "../processes.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { waitUntil } from "../wait.ts";
import { type Played, readPlayed } from "./played.ts";

export interface MpvOptions {
  /** Sought one after the other, each when the picture of the one before is there; it plays from the last one to the end. */
  readonly seeks: readonly number[];
  /** Has the whole film in its own memory before the first seek; else it holds next to nothing. */
  readonly isCached: boolean;
}

/** Plays an address in mpv, without a screen, faster than a viewer would. */
export async function playInMpv(url: string, { seeks, isCached }: MpvOptions): Promise<Played> {
  await using folder = await temporaryFolder("mpv");
  const inFolder = (name: string): string => join(folder.path, name);
  await using player = startProcess("mpv", [
    "--no-config",
    "--no-terminal",
    "--pause",
    "--sid=no",
    `--input-ipc-server=${inFolder("control")}`,
    `--cache=${isCached ? "yes" : "no"}`,
    "--vo=image",
    "--vo-image-format=png",
    `--vo-image-outdir=${folder.path}`,
    // The squares alone: whole pictures take ten times as long to write.
    "--vf=lavfi=[crop=iw:iw/10:0:0,scale=160:16:flags=area,format=gray]",
    "--ao=pcm",
    `--ao-pcm-file=${inFolder("sound.wav")}`,
    url,
  ]);
  const ended = once(player.child, "exit");
  const control = await connectControl(inFolder("control"));
  const heard = (what: string, isIt: (message: MpvMessage) => boolean) =>
    waitUntil(what, () => control.messages.some(isIt), PATIENCE_MS);
  const restarts = (): number => control.messages.filter(({ event }) => event === "playback-restart").length;
  control.send("observe_property", 1, "demuxer-cache-idle");
  await waitUntil("mpv shows its first picture", () => restarts() > 0, PATIENCE_MS);
  if (isCached) await heard("mpv has the film", ({ name, data }) => name === "demuxer-cache-idle" && data === true);
  for (const [index, seconds] of seeks.entries()) {
    control.send("seek", seconds, "absolute+exact");
    await waitUntil(`mpv shows second ${seconds}`, () => restarts() > index + 1, PATIENCE_MS);
  }
  control.send("set_property", "pause", false);
  await ended;
  control.socket.destroy();
  return await readPlayed(inFolder("%08d.png"), inFolder("sound.wav"));
}

/** It decodes without a screen at its own pace. */
const PATIENCE_MS = 60_000;

/** An answer or an event of mpv's JSON protocol. */
interface MpvMessage {
  readonly event?: string;
  readonly name?: string;
  readonly data?: unknown;
}

interface MpvControl {
  readonly socket: Socket;
  readonly messages: readonly MpvMessage[];
  send(...command: readonly unknown[]): void;
}

async function connectControl(path: string): Promise<MpvControl> {
  const socket = await waitUntil("mpv listens", () => tryToConnect(path), PATIENCE_MS);
  const messages: MpvMessage[] = [];
  createInterface({ input: socket }).on("line", (line) => messages.push(JSON.parse(line) as MpvMessage));
  return { socket, messages, send: (...command) => void socket.write(`${JSON.stringify({ command })}\n`) };
}

function tryToConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}
