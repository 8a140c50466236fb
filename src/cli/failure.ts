import { ConfigError } from '../config.ts';
import { ConfigurationRefused, inWords } from '../configuration/problem.ts';
import { EmbeddedDatabaseError } from '../db/embedded.ts';
import { isDatabaseUnavailable } from '../db/errors.ts';
import { MigrationError } from '../db/migrate.ts';
import { DomainError } from '../domain_error.ts';
import { LocalSecretsError } from '../local_secrets.ts';

// Written for operators: the message says what to do.
const EXPLAINED = [EmbeddedDatabaseError, LocalSecretsError, MigrationError, DomainError];

const FILE_TROUBLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT']);

/** What a person at the terminal is told about an error: one line each. Only a bug shows its stack. */
export function failureLines(error: unknown): string[] {
  if (error instanceof ConfigError) return [...error.lines];
  if (error instanceof ConfigurationRefused) return error.problems.map(inWords);
  if (EXPLAINED.some((kind) => error instanceof kind)) return [(error as Error).message];
  if (isDatabaseUnavailable(error)) {
    return ['DATABASE_URL: the database does not answer, check that it runs and can be reached from here'];
  }
  if (!(error instanceof Error)) return ['Unknown failure'];
  const { code, syscall, port, path } = error as NodeJS.ErrnoException & { port?: number };
  if (path !== undefined && FILE_TROUBLE.has(code ?? '')) {
    return [`${path} cannot be used (${code}): check who owns it, and the space on its disk`];
  }
  if (code === 'EADDRINUSE') return [`PORT: ${port} is in use by another program, choose another one`];
  if (code === 'EACCES' && syscall === 'listen') return [`PORT: this account may not listen on ${port}`];
  if (code === 'EADDRNOTAVAIL') return ['HOST: this machine has no such address'];
  if (code === '3D000') return ['DATABASE_URL: the database does not exist, create it first'];
  if (code === '28P01' || code === '28000')
    return ['DATABASE_URL: the database refuses this account or its password'];
  return [error.stack ?? error.message];
}
