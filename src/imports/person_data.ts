import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { DomainError, type Issue } from '../domain_error.ts';
import { listRevisions } from '../schemas/schema_store.ts';
import type { UserData } from '../users/user.ts';
import { checkUserData, USER_DOCUMENTS } from '../users/user_data.ts';

// A file has many rows: which schemas there are is asked now and then, not for every one of them.
const REVISIONS_MS = 1_000;

/** What is wrong with a person's data under the schemas of the tenant, as a question for row after row. */
export function dataIssuesOf(
  db: Database,
  scope: { readonly tenantId: string },
): (data: UserData) => Promise<readonly Issue[]> {
  let revisions: Readonly<Record<string, string>> = {};
  let readAt = 0;
  return async (data) => {
    if (Date.now() - readAt > REVISIONS_MS) {
      revisions = await listRevisions(db.knex, scope);
      readAt = Date.now();
    }
    return issuesOf(db.knex, scope, data, revisions);
  };
}

/** The same within a transaction, which sees the schemas that it has written. */
export const dataIssuesIn =
  (tx: Knex.Transaction, scope: { readonly tenantId: string }) =>
  (data: UserData): Promise<readonly Issue[]> =>
    issuesOf(tx, scope, data);

async function issuesOf(
  executor: Knex,
  scope: { readonly tenantId: string },
  data: UserData,
  revisions: Readonly<Record<string, string>> = {},
): Promise<readonly Issue[]> {
  try {
    await checkUserData(executor, scope, data, USER_DOCUMENTS, revisions);
    return [];
  } catch (error) {
    if (error instanceof DomainError && error.issues !== undefined) return error.issues;
    throw error;
  }
}
