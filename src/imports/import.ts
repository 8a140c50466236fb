import type { NewPasskey } from '../credentials/passkeys.ts';
import type { PoolScope } from '../pools/pool.ts';

export type ImportScope = PoolScope & { readonly importId: string };

/**
 * `receiving`: the file still comes. `running`: it is there, rows are being written. The others are final;
 * `interrupted`: the file did not arrive whole, what did is written. Repeat it: rows that are there are skipped.
 */
export const IMPORT_STATUSES = [
  'receiving',
  'running',
  'completed',
  'cancelled',
  'interrupted',
  'failed',
] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

/** A streaming import as its callers see it. Counts are of lines with something on them. */
export type Import = {
  readonly tenantId: string;
  readonly id: string;
  readonly poolId: string;
  readonly source: 'api' | 'command_line';
  readonly status: ImportStatus;
  /** Everything is checked and nothing written. */
  readonly dryRun: boolean;
  readonly receivedLines: number;
  readonly createdRows: number;
  /** People who were there already. */
  readonly skippedRows: number;
  readonly failedRows: number;
  /** Why it failed as a whole. */
  readonly failure: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
};

/** What is wrong with one line: where in its document (JSON pointer), and what to change. Never a value. */
export type RowIssue = {
  readonly line: number;
  readonly pointer: string;
  readonly code: RowIssueCode;
  readonly message: string;
};

export type RowIssueCode =
  | 'malformed'
  | 'invalid'
  | 'hash_refused'
  | 'id_taken'
  | 'identifier_taken'
  | 'passkey_taken';

/** A line that holds a person, ready to be written. */
export type StagedRow = {
  readonly line: number;
  readonly userId: string;
  readonly person: StagedPerson;
};

/** The stored form of a person between file and tables. Keys are as the SQL that reads it names them. */
export type StagedPerson = {
  /** The file names the id. Otherwise whoever holds all of its identifiers is the same person. */
  readonly idGiven: boolean;
  readonly status: string;
  readonly userType: string;
  readonly payload: object;
  readonly metadata: object;
  readonly businessMetadata: object;
  readonly payloadSchemaId: string;
  readonly metadataSchemaId: string;
  readonly businessMetadataSchemaId: string | null;
  readonly createdAt?: string | undefined;
  readonly identifiers: readonly StagedIdentifier[];
  readonly addresses: readonly StagedAddress[];
  readonly credentials: readonly StagedCredential[];
  /** Absent for somebody without any. */
  readonly passkeys?: readonly StagedPasskey[] | undefined;
  /** Absent for somebody in no group. */
  readonly groups?: readonly GroupPath[] | undefined;
};

/** The names of groups from the top of the pool's tree down to the one that is meant. */
export type GroupPath = readonly string[];

export type StagedIdentifier = {
  readonly id?: string | undefined;
  readonly type: string;
  readonly identifier: string;
  /** Under a pool that heeds case, and under one that does not: the pool's rule may change meanwhile. */
  readonly exactKey: string;
  readonly foldedKey: string;
  readonly metadata?: object | undefined;
};

export type StagedAddress = {
  readonly id?: string | undefined;
  readonly type: string;
  readonly address: string;
  readonly key: string;
  readonly verified: boolean;
  readonly verifiedAt?: string | undefined;
  readonly status: string;
  readonly preferredContactMethod?: string | undefined;
  readonly metadata?: object | undefined;
};

export type StagedCredential = {
  readonly id?: string | undefined;
  readonly type: 'password' | 'totp' | 'webauthn';
  readonly state: string;
  /** The stored form of the hash, or the sealed secret; empty for passkeys, which hang together in it. */
  readonly secret: string;
  readonly expiresAt?: string | undefined;
};

/** A key whose ceremony another server has run, so that the handle beside it is not known. */
export type StagedPasskey = Omit<NewPasskey, 'userHandle'> & {
  readonly name?: string | undefined;
  readonly cloneWarning?: boolean | undefined;
  readonly createdAt?: string | undefined;
};
