import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Child = {
  readonly pid: number;
  /** Lines of standard output so far. */
  readonly lines: string[];
  /** Standard error so far. */
  readonly errors: () => string;
  /** Resolves with the first line, past or future, that matches. Rejects when the process ends without one. */
  line(pattern: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
};

/** Runs a file of this project on the Node of the tests, with no environment but `env`. */
export function runNode(file: string, args: readonly string[] = [], env: Record<string, string> = {}): Child {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const listener of waiting) listener(line);
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  });

  return {
    pid: child.pid as number,
    lines,
    errors: () => stderr,
    kill: (signal) => child.kill(signal),
    ended,
    line: async (pattern) => {
      const known = lines.find((line) => pattern.test(line));
      if (known !== undefined) return known;
      return await new Promise((resolve, reject) => {
        const listener = (line: string) => {
          if (!pattern.test(line)) return;
          waiting.delete(listener);
          resolve(line);
        };
        waiting.add(listener);
        void ended.then((how) => reject(new Error(`${file} ended (${how}) without ${pattern}: ${stderr}`)));
      });
    },
  };
}
