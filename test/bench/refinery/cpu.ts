/** Time of the processor: what a loaded machine does not stretch. */
import { readFileSync } from 'node:fs';

/** Of this process and of every child that has ended, from the kernel's own account. */
export function cpuSeconds(): number {
  const own = process.cpuUsage();
  const ticksPerSecond = 100;
  let children = 0;
  if (process.platform === 'linux') {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
    children = (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
  }
  return (own.user + own.system) / 1e6 + children;
}
