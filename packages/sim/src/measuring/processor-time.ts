/** Milliseconds of processor time that this process has taken since `process.cpuUsage()` gave `before`, on all threads: garbage collection included. */
export function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
