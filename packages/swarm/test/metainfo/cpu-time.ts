/** What refusing a hostile input may cost: an order above what it does, so that only a blow-up fails on a busy machine. */
export const CPU_LIMIT_MS = 2_000;

/** CPU milliseconds of the fastest of three runs: other processes of a busy machine slow down some, not all. */
export function fastestCpuMs(run: () => void): number {
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}
