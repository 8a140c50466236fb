import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Issue } from '../domain_error.ts';

/** How a value is found that no file of a configuration holds. */
export type SecretSource = {
  readonly variable: (name: string) => string | undefined;
  /** What paths of files begin at. */
  readonly folder: string;
};

const RULE = 'must be { env: NAME } or { file: path }: a secret has no place in a file of a configuration';
// No secret of ours is longer than a line.
const MAX_BYTES = 4096;

/** The secret that a field refers to, or what is wrong with the reference. Messages never show a value. */
export function resolveSecret(reference: unknown, pointer: string, source: SecretSource): string | Issue {
  const entries = typeof reference === 'object' && reference !== null ? Object.entries(reference) : [];
  const [[how, name] = []] = entries;
  if (entries.length !== 1 || typeof name !== 'string' || name === '') return { pointer, message: RULE };
  if (how === 'env') {
    return source.variable(name) ?? { pointer: `${pointer}/env`, message: `the variable ${name} is not set` };
  }
  if (how !== 'file') return { pointer, message: RULE };
  return (
    readSecret(resolve(source.folder, name)) ?? {
      pointer: `${pointer}/file`,
      message: `${name} cannot be read`,
    }
  );
}

function readSecret(path: string): string | undefined {
  try {
    if (!statSync(path).isFile() || statSync(path).size > MAX_BYTES) return undefined;
    // Editors end a file with a line feed that is no part of the secret.
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
