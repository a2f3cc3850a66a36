import { execFile } from "node:child_process";
import { access, constants, realpath } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

/** Longer than any start of a process on a machine that can play a film. */
const TRIAL_LIMIT_MS = 5_000;

/** What ffmpeg is started for: it needs different things of the machine. */
export type FfmpegWork = "audio_segment" | "conversion" | "hardware_conversion" | "picture";

/** What of the machine is out of reach for ffmpeg. `files`: all but the programs and libraries of the system. */
export type Isolation = "network and files" | "network" | "nothing";

/** How ffmpeg is held: it takes films apart that strangers made. */
export interface Confinement {
  readonly isolation: Isolation;
  /** Whether the kernel bounds its time, memory and files. */
  readonly isLimited: boolean;
  /** The words in front of its command line. */
  readonly launchers: Readonly<Record<FfmpegWork, readonly string[]>>;
}

/**
 * Finds out what this machine has to hold ffmpeg with: prlimit, and bwrap or unshare and setpriv, as far as they are installed and
 * work here. Each is tried with ffmpeg itself, so that one that lies elsewhere than usual, or a machine that forbids namespaces, is
 * no failure.
 */
export async function findConfinement(path: string, signal: AbortSignal): Promise<Confinement> {
  if (process.platform !== "linux") return NONE;
  const [prlimit, bwrap, unshare, setpriv] = await Promise.all(PROGRAMS.map(findProgram));
  const works = (words: readonly string[]): Promise<boolean> => isAbleToStart(path, words, signal);
  const limited = (work: FfmpegWork): string[] => (prlimit === undefined ? [] : [prlimit, ...LIMITS[work]]);
  const sealed = bwrap === undefined ? [] : [bwrap, ...(await sealedFolders(path))];
  // Mostly all of it works: one trial, since a start of the server waits for it.
  if (bwrap !== undefined && (await works([...limited("conversion"), ...sealed]))) {
    const offline = [bwrap, ...NETWORK_ONLY];
    return confinement("network and files", { limited, sealed, offline });
  }
  const namespaces = unshare === undefined ? [] : NETWORK_NAMESPACES.map((words) => [unshare, ...words]);
  const mortal = setpriv === undefined ? [] : [setpriv, ...ENDS_WITH_US];
  const [canLimit, canEnd, ...canUnshare] = await Promise.all(
    [limited("conversion"), mortal, ...namespaces].map(works),
  );
  const namespace = namespaces.find((_, index) => canUnshare[index]);
  // In this order: a process that comes into a namespace of users may be told no more when we end.
  const offline = [...(namespace ?? []), ...(canEnd === true ? mortal : [])];
  const kept = canLimit === true ? limited : () => [];
  return confinement(namespace === undefined ? "nothing" : "network", { limited: kept, sealed: offline, offline });
}

interface Launchers {
  readonly limited: (work: FfmpegWork) => readonly string[];
  readonly sealed: readonly string[];
  readonly offline: readonly string[];
}

function confinement(isolation: Isolation, { limited, sealed, offline }: Launchers): Confinement {
  return {
    isolation,
    isLimited: limited("conversion").length > 0,
    launchers: {
      audio_segment: [...limited("audio_segment"), ...sealed],
      conversion: [...limited("conversion"), ...sealed],
      picture: [...limited("picture"), ...sealed],
      // Drivers want devices, /sys, /proc and files of their own.
      hardware_conversion: [...limited("hardware_conversion"), ...offline],
    },
  };
}

const NONE: Confinement = {
  isolation: "nothing",
  isLimited: false,
  launchers: { audio_segment: [], conversion: [], hardware_conversion: [], picture: [] },
};

const GIB = 1024 ** 3;
const DAY_SECONDS = 24 * 60 * 60;

/**
 * - `data`: what is written to. A conversion of an 8K film takes 3 GiB, a segment of sound 9 MB, a picture of 8192 by 8192 pixels 384 MB.
 * - `as`: what is mapped: threads and their arenas reserve far more than they use. Graphics cards map all their memory.
 * - `fsize`, `core`: it writes to pipes only. Drivers of graphics cards write to files that only look like some.
 * - `nofile`: three pipes and the libraries while they are loaded.
 * - `cpu`: all of a long film on all threads; a segment of sound takes half a second, as does a picture.
 */
const LIMITS: Readonly<Record<FfmpegWork, readonly string[]>> = {
  audio_segment: ["--cpu=120", `--data=${GIB}`, `--as=${8 * GIB}`, "--fsize=0", "--core=0", "--nofile=64"],
  conversion: [`--cpu=${DAY_SECONDS}`, `--data=${4 * GIB}`, `--as=${16 * GIB}`, "--fsize=0", "--core=0", "--nofile=64"],
  hardware_conversion: [`--cpu=${DAY_SECONDS}`, "--core=0", "--nofile=256"],
  picture: ["--cpu=60", `--data=${GIB}`, `--as=${8 * GIB}`, "--fsize=0", "--core=0", "--nofile=64"],
};

const PROGRAMS = ["prlimit", "bwrap", "unshare", "setpriv"];
/** Root may, and who may make namespaces of users. */
const NETWORK_NAMESPACES = [["--net"], ["--map-current-user", "--net"]];
/** The kernel kills it when we are gone, be it by SIGKILL while it hangs and does not see that its pipes have ended. */
const ENDS_WITH_US = ["--pdeathsig", "KILL"];
/** Namespaces of its own for all there is, and it ends with us. */
const APART = ["--unshare-all", "--die-with-parent"];
const NETWORK_ONLY = [...APART, "--dev-bind", "/", "/"];

/** Where distributions keep programs and what they load. Those that are not there are passed over. */
const SYSTEM_PLACES = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/nix/store",
  "/gnu/store",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/alternatives",
];

/** For bwrap: of all files only the system's, and the folder that ffmpeg lies in; the working folder is not among them. */
async function sealedFolders(path: string): Promise<string[]> {
  const places = [...SYSTEM_PLACES, dirname(path), dirname(await realpath(path))];
  const binds = [...new Set(places)].flatMap((place) => ["--ro-bind-try", place, place]);
  return [...APART, "--cap-drop", "ALL", ...binds, "--dev", "/dev", "--chdir", "/"];
}

async function isAbleToStart(path: string, launcher: readonly string[], signal: AbortSignal): Promise<boolean> {
  const [program, ...words] = [...launcher, path, "-hide_banner", "-version"] as const;
  const options = { signal, timeout: TRIAL_LIMIT_MS, killSignal: "SIGKILL", env: {} } as const;
  return promisify(execFile)(program, words, options).then(
    () => true,
    () => {
      signal.throwIfAborted();
      return false;
    },
  );
}

/** The absolute path of a program on `PATH`. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  for (const folder of folders) {
    const candidate = join(folder, name);
    const isExecutable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return candidate;
  }
  return undefined;
}
