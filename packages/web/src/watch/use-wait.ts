import { useEffect, useState } from "react";
import { WaitMeter } from "./buffer-ahead.ts";

const LOOK_MS = 250;
/** Numbers that nobody reads to the millisecond are told of in steps. */
const STEP_MS = 500;

/** How long a film that is to play shows nothing new for want of data: now, and of late. In milliseconds. */
export interface Wait {
  readonly nowMs: number;
  readonly latelyMs: number;
}

const NONE: Wait = { nowMs: 0, latelyMs: 0 };

export function useWait(video: HTMLVideoElement): Wait {
  const [wait, setWait] = useState(NONE);
  useEffect(() => {
    const meter = new WaitMeter();
    let sinceMs: number | undefined;
    const look = (): void => {
      const isWaiting = !video.paused && !video.ended && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
      const atMs = performance.now();
      sinceMs = isWaiting ? (sinceMs ?? atMs) : undefined;
      const next = { nowMs: stepped(atMs - (sinceMs ?? atMs)), latelyMs: stepped(meter.look(isWaiting, atMs)) };
      setWait((last) => (last.nowMs === next.nowMs && last.latelyMs === next.latelyMs ? last : next));
    };
    const restart = (): void => meter.reset();
    const timer = setInterval(look, LOOK_MS);
    video.addEventListener("seeking", restart);
    return () => {
      clearInterval(timer);
      video.removeEventListener("seeking", restart);
    };
  }, [video]);
  return wait;
}

function stepped(milliseconds: number): number {
  return Math.floor(milliseconds / STEP_MS) * STEP_MS;
}
