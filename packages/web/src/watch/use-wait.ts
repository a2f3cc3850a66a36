import { useEffect, useState } from "react";

const LOOK_MS = 250;

/** How long a film that is to play has shown nothing new for want of data, in milliseconds; 0 while it moves or is paused. */
export function useWaitedMs(video: HTMLVideoElement): number {
  const [waitedMs, setWaitedMs] = useState(0);
  useEffect(() => {
    let sinceMs: number | undefined;
    const look = (): void => {
      const isWaiting = !video.paused && !video.ended && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
      sinceMs = isWaiting ? (sinceMs ?? performance.now()) : undefined;
      setWaitedMs(sinceMs === undefined ? 0 : performance.now() - sinceMs);
    };
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [video]);
  return waitedMs;
}
