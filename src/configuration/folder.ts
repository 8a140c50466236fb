import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { ConfigurationRefused, type Problem } from './problem.ts';

/** A file by its path in the folder, with slashes. */
export type TextFile = { readonly file: string; readonly text: string };

const MAX_FILE_BYTES = 512 * 1024;
const MAX_FILES = 100_000;
// workspaces/{workspace}/clients/{id}.yaml, and one to be told of.
const MAX_DEPTH = 5;
const YAML = /\.ya?ml$/i;

/**
 * Every YAML file below a folder, by path. What begins with a dot, and every other file, is left alone. Throws
 * `ConfigurationRefused`.
 */
export function readFolder(folder: string): TextFile[] {
  const files = yamlFiles(folder);
  const problem = (message: string): Problem => ({ file: folder, pointer: '', message });
  if (files.length === 0)
    throw new ConfigurationRefused([problem('holds no configuration: no YAML file is in it')]);
  if (files.length > MAX_FILES)
    throw new ConfigurationRefused([problem(`holds more than ${MAX_FILES} files`)]);
  const tooLong = files.filter((file) => statSync(join(folder, file)).size > MAX_FILE_BYTES);
  if (tooLong.length > 0) {
    const message = `is longer than ${MAX_FILE_BYTES / 1024} KiB`;
    throw new ConfigurationRefused(tooLong.map((file) => ({ file, pointer: '', message })));
  }
  return files.map((file) => ({ file, text: textOf(folder, file) }));
}

/** The YAML files below a folder; none where there is no such folder. */
export function yamlFiles(folder: string, below = '', depth = 1): string[] {
  let names: string[];
  try {
    names = readdirSync(join(folder, below)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const path = below === '' ? name : `${below}/${name}`;
      // A folder that is mounted into a container may be made of links.
      const isFolder = statSync(join(folder, path)).isDirectory();
      if (!isFolder) return YAML.test(name) ? [path] : [];
      return depth < MAX_DEPTH ? yamlFiles(folder, path, depth + 1) : [];
    });
}

function textOf(folder: string, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(join(folder, file)));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigurationRefused([{ file, pointer: '', message: 'is not valid UTF-8' }]);
  }
}

/** Writes files, each whole or not at all, and removes those that are stale. */
export function writeFolder(folder: string, files: readonly TextFile[], stale: readonly string[]): void {
  for (const { file, text } of files) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const draft = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
    writeFileSync(draft, text);
    renameSync(draft, path);
  }
  for (const file of stale) rmSync(join(folder, file));
}
