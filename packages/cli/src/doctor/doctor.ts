import type { Clock } from "@riptide/core";
import type { ServeOptions } from "../arguments.ts";
import { type OutputStream, writeLine } from "../output.ts";
import { printable, printableJson } from "../printable.ts";
import { checkDataFolder, newestFileMs, REAL_DISK } from "./check-data-folder.ts";
import { checkFfmpeg } from "./check-ffmpeg.ts";
import { checkDht, checkDns, REAL_INTERNET } from "./check-internet.ts";
import { checkClock, checkNode } from "./check-machine.ts";
import { checkHttpPort, checkPeerPort, checkUtpProcess } from "./check-ports.ts";
import type { Finding } from "./finding.ts";

export interface DoctorContext {
  readonly clock: Clock;
  readonly stdout: OutputStream;
  readonly stop: AbortSignal;
}

/**
 * Looks at everything that Riptide needs from its machine, with the options that it would be started with, and writes a line for
 * each. Resolves with whether it could be started and something played. Takes ten seconds without internet, and changes nothing.
 */
export async function runDoctor(options: ServeOptions, { clock, stdout, stop }: DoctorContext): Promise<boolean> {
  let isWell = true;
  const tell = (...findings: readonly Finding[]): void => {
    for (const finding of findings) {
      isWell &&= finding.status !== "fail";
      writeLine(stdout, options.json ? printableJson({ type: "finding", ...finding }) : asLine(finding));
    }
  };
  const { dataDirectory } = options;
  const internet = { clock, internet: REAL_INTERNET, signal: stop };
  // Both wait for others: meanwhile the rest is looked at.
  const far = Promise.all([checkDns(options, internet), checkDht(options, internet)]);
  far.catch(() => undefined);
  tell(checkNode(process.version));
  tell(checkClock(Date.now(), dataDirectory === undefined ? undefined : await newestFileMs(dataDirectory)));
  tell(await checkFfmpeg(options.ffmpegPath, stop));
  if (dataDirectory !== undefined) {
    tell(
      ...(await checkDataFolder(dataDirectory, { disk: REAL_DISK, hasMaxDisk: options.maxDiskBytes !== undefined })),
    );
  }
  tell(await checkHttpPort(options), await checkPeerPort(options), await checkUtpProcess(options, clock, stop));
  tell(...(await far));
  return isWell;
}

function asLine({ status, check, message }: Finding): string {
  return `${status.padEnd(4)}  ${check.padEnd(13)}  ${printable(message)}`;
}
