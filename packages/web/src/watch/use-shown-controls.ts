import { useCallback, useEffect, useRef, useState } from "react";

/** Whoever moves nothing for so long looks at the film. */
const IDLE_MS = 3_000;

export interface ShownControls {
  readonly isShown: boolean;
  /** For a moment. */
  readonly show: () => void;
  /** With a finger: shows or hides. */
  readonly toggle: () => void;
  /** Keeps them shown while something is open. */
  readonly hold: (isHeld: boolean) => void;
}

/** Shows the controls while they are wanted: while the film stands still, and for a moment after somebody has moved something. */
export function useShownControls(isResting: boolean): ShownControls {
  const [isAwake, setIsAwake] = useState(true);
  const [holders, setHolders] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const show = useCallback(() => {
    clearTimeout(timer.current);
    setIsAwake(true);
    timer.current = setTimeout(() => setIsAwake(false), IDLE_MS);
  }, []);
  useEffect(() => {
    show();
    return () => clearTimeout(timer.current);
  }, [show]);
  const toggle = useCallback(() => {
    if (isAwake) {
      clearTimeout(timer.current);
      setIsAwake(false);
    } else show();
  }, [isAwake, show]);
  const hold = useCallback(
    (isHeld: boolean) => {
      setHolders((before) => Math.max(0, before + (isHeld ? 1 : -1)));
      show();
    },
    [show],
  );
  return { isShown: isAwake || isResting || holders > 0, show, toggle, hold };
}
