import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Names one run of a process: its id alone is used again by the system. `started` tells two runs with one id apart, and stays
 * true for a process that is stopped (SIGSTOP) for however long.
 */
export interface ProcessStamp {
  readonly pid: number;
  /** Opaque; empty where the system does not tell. */
  readonly started: string;
}

/** The stamp of a running process, undefined when there is none with this id (a zombie is none). */
export function stampOf(pid: number): ProcessStamp | undefined {
  if (!isRunning(pid)) return undefined;
  try {
    const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid);
    return started === undefined ? undefined : { pid, started };
  } catch {
    return { pid, started: '' };
  }
}

export function isSameProcess(a: ProcessStamp, b: ProcessStamp): boolean {
  return a.pid === b.pid && (a.started === b.started || a.started === '' || b.started === '');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, but as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Boot id and start time in clock ticks since boot: field 22 of proc_pid_stat(5), counted behind the name, which may hold anything. */
function startedOnLinux(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === 'Z' || state === 'X') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}:${fields[19]}`;
}

function startedByPs(pid: number): string | undefined {
  if (process.platform === 'win32') return '';
  const [state = '', ...started] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  return state.startsWith('Z') ? undefined : started.join(' ');
}
