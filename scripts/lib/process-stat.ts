import { readFileSync } from 'node:fs';

/** USER_HZ, the unit of CPU times in /proc: 100 a second on every Linux that Node.js runs on. */
const ticksPerSecond = 100;

/** CPU time of a process in seconds, user and system together. */
export interface CpuTime {
  readonly own: number;
  /** Of its children that have ended and been waited for, and of theirs. */
  readonly endedChildren: number;
}

export interface Memory {
  readonly rssBytes: number;
  /** The most it ever was (VmHWM). */
  readonly rssBytesMax: number;
}

/** Undefined when the process is gone. Linux only, as all of this file. */
export function cpuTime(pid: number): CpuTime | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseCpuTime(text);
}

/** Undefined when the process is gone. */
export function memory(pid: number): Memory | undefined {
  const text = readProc(`/proc/${pid}/status`);
  return text === undefined ? undefined : parseMemory(text);
}

/** Of a line of /proc/<pid>/stat, see proc_pid_stat(5). The second field is the command in parentheses and may contain anything. */
export function parseCpuTime(stat: string): CpuTime {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (field: number): number => Number(fields[field - 3]) / ticksPerSecond;
  return { own: seconds(14) + seconds(15), endedChildren: seconds(16) + seconds(17) };
}

/** Of the text of /proc/<pid>/status. Undefined for a process that has ended and was not yet waited for: it has no memory. */
export function parseMemory(status: string): Memory | undefined {
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  const found = { rssBytes: bytes('VmRSS'), rssBytesMax: bytes('VmHWM') };
  return Number.isNaN(found.rssBytes + found.rssBytesMax) ? undefined : found;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
