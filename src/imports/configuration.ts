import type { NewPoolInput } from '../pools/pool_service.ts';
import type { SchemaInput } from '../schemas/schema_service.ts';

/**
 * A tenant's dump in the words of the domain (contract 5.11). Rows of people are documents as they came: they are
 * read together with what belongs to them, and what is wrong is named by its place in the dump.
 */
export type Configuration = {
  readonly schemas: readonly (SchemaInput & { readonly id: string })[];
  readonly pools: readonly (NewPoolInput & { readonly id: string; readonly workspaceId: string | null })[];
  readonly users: readonly DumpRow[];
  readonly identifiers: readonly DumpRow[];
  readonly addresses: readonly DumpRow[];
  readonly credentials: readonly DumpRow[];
  readonly groups: readonly DumpGroup[];
  readonly members: readonly { readonly poolId: string; readonly groupId: string; readonly userId: string }[];
  readonly codes: readonly { readonly expiresAt: Date }[];
};

/** A row with the person it is of, or belongs to. */
export type DumpRow = {
  readonly poolId: string;
  readonly userId: string;
  readonly document: Readonly<Record<string, unknown>>;
};

export type DumpGroup = {
  readonly poolId: string;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly parentId: string | null;
};

/** What to do with an entry whose id is there already. */
export const INSERT_MODES = ['update', 'ignore', 'fail'] as const;
export type InsertMode = (typeof INSERT_MODES)[number];

/** The row versions that a dump was made from: what has changed since then is not written over. */
export type BasedOn = {
  readonly pools: ReadonlyMap<string, number>;
  readonly users: ReadonlyMap<string, number>;
};

/** As many as one request brings; more come as a streaming import. */
export const MAX_PEOPLE = 100;

/** Where a secret was masked: what is stored stays. */
export const MASK = '###';
