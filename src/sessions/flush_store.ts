import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import { isRetryable } from '../db/errors.ts';
import { AccessEnded, type ArtefactScope, type Flush } from './artefacts.ts';
import { type Bind, KINDS } from './flush_parts.ts';

/**
 * Writes everything a request changes as one statement, so that it happens as a whole or not at all.
 *
 * Each kind of change is one common table expression over arrays; the kinds present name the prepared statement,
 * so their number stays small. A code or token is only inserted while its grant is not revoked, and a session
 * that was ended meanwhile is not written again: then `AccessEnded` is thrown and nothing is written. A
 * deadlock or serialisation failure is retried once.
 */
export async function flush(knex: Knex, scope: ArtefactScope, changes: Flush): Promise<void> {
  const statement = compose(scope, changes);
  if (!statement) return;
  try {
    await run(knex, statement);
  } catch (error) {
    if (!isRetryable(error)) throw error;
    await run(knex, statement);
  }
}

type Statement = { name: string; text: string; values: unknown[] };

async function run(knex: Knex, statement: Statement): Promise<void> {
  try {
    await withClient(knex, (client) => client.query(statement));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === DIVISION_BY_ZERO) {
      throw new AccessEnded('access ended while it was being used', { cause: error });
    }
    throw error;
  }
}

const DIVISION_BY_ZERO = '22012'; // SQLSTATE division_by_zero

function compose(scope: ArtefactScope, changes: Flush): Statement | undefined {
  const values: unknown[] = [scope.tenantId, scope.workspaceId];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const parts = KINDS.map((kind) => kind(changes, bind)).filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const guards = parts.flatMap(({ guarded }) => (guarded ? [guard(guarded.name, bind(guarded.rows))] : []));
  return {
    name: `artefact-flush${parts.map(({ tag }) => `-${tag}`).join('')}`,
    text: `WITH ${parts.map(({ sql }) => sql).join(',\n')} SELECT ${guards.join(', ') || '1'}`,
    values,
  };
}

/**
 * A write whose precondition no longer holds must undo the whole statement. Division by zero is the one error
 * that plain SQL can raise on a condition; `run` recognises it.
 */
const guard = (expression: string, rows: string): string =>
  `(SELECT 1 / (CASE WHEN (SELECT count(*) FROM ${expression}) = ${rows} THEN 1 ELSE 0 END))`;
