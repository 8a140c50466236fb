import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * What tells the process `pid` from a later one of the same number, or undefined when there is no such process.
 * Linux: boot id and start time in clock ticks; elsewhere the start time of `ps`.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? linuxIdentity(pid) : psField(pid, 'lstart=');
  } catch {
    return undefined;
  }
}

/**
 * Numbers of the PostgreSQL processes that work on `clusterDir` (a real path). On Linux all of them, elsewhere
 * only `candidate` if it is one.
 */
export function clusterProcesses(clusterDir: string, candidate: number): number[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => worksIn(pid, clusterDir));
  }
  try {
    return psField(candidate, 'command=')?.includes(clusterDir) ? [candidate] : [];
  } catch {
    return [];
  }
}

// The working directory follows a directory that was moved; a command line does not.
function worksIn(pid: number, clusterDir: string): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`) === clusterDir &&
      readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
    );
  } catch {
    return false; // gone, or another account's
  }
}

function linuxIdentity(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc_pid_stat(5): the command in parentheses may hold anything, fields count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTime = fields[19];
  if (state === 'Z' || state === 'X') return undefined; // dead, only not collected yet
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}:${startTime}`;
}

function psField(pid: number, field: string): string | undefined {
  return execFileSync('ps', ['-o', field, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
}
