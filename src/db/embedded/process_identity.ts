import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

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

/** True when `pid` is a PostgreSQL server on `clusterDir` (a real path). */
export function servesCluster(pid: number, clusterDir: string): boolean {
  try {
    // The working directory follows a directory that was moved; the command line does not.
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === clusterDir;
    return psField(pid, 'command=')?.includes(clusterDir) ?? false;
  } catch {
    return false;
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
