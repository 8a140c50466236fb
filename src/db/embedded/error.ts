/** The embedded PostgreSQL cannot be used. The message says what is wrong and what to do, for an operator to read. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
}
