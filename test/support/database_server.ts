import { Client } from 'pg';

/** The server of a test run: an account that may create databases, and the names of the ones to clone: migrated, and started once. */
export type TestServer = { readonly url: string; readonly template: string; readonly firstStart: string };

/** The same server and account, another database. */
export function databaseAt(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Runs one statement that needs a connection outside the database it is about. */
export async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
