import { once } from "node:events";
import { chown, readdir } from "node:fs/promises";
import { join } from "node:path";
import { startProcess } from "../processes.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { waitUntil } from "../wait.ts";
import { type Played, readPlayed } from "./played.ts";

/** Debian's `nobody`: VLC refuses to be run by root. */
const NOBODY = 65_534;

/** Plays an address in VLC, without a screen: from the start, and then from each of these whole seconds, for a while each. */
export async function playInVlc(url: string, seeks: readonly number[]): Promise<Played> {
  await using folder = await temporaryFolder("vlc");
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(folder.path, NOBODY, NOBODY);
  const sound = join(folder.path, "sound.wav");
  await using player = startProcess(
    "vlc",
    [
      "--intf=oldrc",
      "--rc-fake-tty",
      "--ignore-config",
      "--no-video-title-show",
      "--no-spu",
      "--vout=vdummy",
      // A busy machine shows all pictures, if late.
      "--no-drop-late-frames",
      "--no-skip-frames",
      "--video-filter=scene",
      "--scene-format=png",
      "--scene-ratio=1",
      "--scene-width=160",
      "--scene-height=90",
      `--scene-path=${folder.path}`,
      "--aout=afile",
      `--audiofile-file=${sound}`,
      url,
    ],
    { env: { ...process.env, HOME: folder.path }, ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) },
  );
  let shownPictures = await someMorePictures(folder.path, 0);
  for (const seconds of seeks) {
    player.child.stdin?.write(`seek ${seconds}\n`);
    shownPictures = await someMorePictures(folder.path, shownPictures);
  }
  const ended = once(player.child, "exit");
  player.child.stdin?.write("quit\n");
  await ended;
  return await readPlayed(join(folder.path, "scene%05d.png"), sound);
}

/** Two and a half seconds of 24 pictures: in them two seconds begin to sound. */
const SOME_PICTURES = 60;
/** It plays as slowly as a viewer would, and starts slowly too. */
const PATIENCE_MS = 60_000;

function someMorePictures(folder: string, before: number): Promise<number> {
  return waitUntil(
    `VLC shows more than ${before} pictures`,
    async () => {
      const { length } = (await readdir(folder)).filter((name) => name.endsWith(".png"));
      return length >= before + SOME_PICTURES && length;
    },
    PATIENCE_MS,
  );
}
