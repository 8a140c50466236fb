import { z } from 'zod';
import { INSERT_MODES, type Configuration, type DumpRow } from '../../../imports/configuration.ts';
import { id, time } from '../../fields.ts';
import { PoolBody, toPoolInput } from '../pools/schema.ts';
import { SchemaBody, toSchemaInput } from '../schemas/schema.ts';

const MAX_ROWS = 1_000;
const list = <T extends z.ZodType>(row: T) => z.array(row).max(MAX_ROWS).optional();
const known = z.unknown().optional();

// The domain reads these together with what belongs to them, key by key.
const user = z.looseObject({ id, user_pool_id: id });
const part = z.looseObject({ user_id: id, user_pool_id: id });

const Group = z.strictObject({
  id,
  tenant_id: known,
  user_pool_id: id,
  name: z.string().max(1000),
  description: z.string().max(10_000).optional(),
  /** Ids from the top of the tree down to the group, with slashes between. */
  path: z.string().max(1000).optional(),
  parent_id: z.string().max(64).optional(),
});

const GroupMember = z.strictObject({ tenant_id: known, user_pool_id: id, group_id: id, user_id: id });
const Code = z.looseObject({ expires_at: time });

/** Pools, schemas and people with everything around them (contract 5.11). */
export const TenantDump = z
  .strictObject({
    schemas: list(SchemaBody.extend({ id })),
    pools: list(PoolBody.extend({ id })),
    users: list(user),
    user_identifiers: list(part),
    user_verifiable_addresses: list(part),
    user_credentials: list(part),
    groups: list(Group),
    group_members: list(GroupMember),
    codes: list(Code),
  })
  .meta({ id: 'TenantDump' });

export const PatchQuery = z.strictObject({
  mode: z.enum(INSERT_MODES).optional().meta({
    description: 'What happens to people who are there: `update` (when absent), `ignore`, or `fail` (409)',
  }),
});

const pointer = z.string().max(2000);

/** Changes to the exported document (RFC 6902). */
export const PatchOperations = z
  .array(
    z.strictObject({
      op: z.enum(['add', 'remove', 'replace', 'move', 'copy', 'test']),
      path: pointer,
      from: pointer.optional(),
      value: z.unknown().optional(),
    }),
  )
  .max(100)
  .meta({ id: 'Rfc6902PatchOperations' });

const ownerKeys = ['tenant_id', 'user_pool_id', 'user_id'];

/** The dump in the words of the domain. */
export function toConfiguration(dump: z.output<typeof TenantDump>): Configuration {
  const rowOf = (row: z.output<typeof part>): DumpRow => ({
    poolId: row.user_pool_id,
    userId: row.user_id,
    document: Object.fromEntries(Object.entries(row).filter(([key]) => !ownerKeys.includes(key))),
  });
  return {
    schemas: (dump.schemas ?? []).map((schema) => ({ ...toSchemaInput(schema), id: schema.id })),
    pools: (dump.pools ?? []).map((pool) => ({
      ...toPoolInput(pool),
      id: pool.id,
      workspaceId: pool.workspace_id === undefined || pool.workspace_id === '' ? null : pool.workspace_id,
    })),
    users: (dump.users ?? []).map(({ id: userId, ...row }) => rowOf({ ...row, user_id: userId })),
    identifiers: (dump.user_identifiers ?? []).map(rowOf),
    addresses: (dump.user_verifiable_addresses ?? []).map(rowOf),
    credentials: (dump.user_credentials ?? []).map(rowOf),
    groups: (dump.groups ?? []).map((group) => ({
      poolId: group.user_pool_id,
      id: group.id,
      name: group.name,
      description: group.description ?? '',
      parentId: group.parent_id ?? parentOf(group.path),
    })),
    members: (dump.group_members ?? []).map((member) => ({
      poolId: member.user_pool_id,
      groupId: member.group_id,
      userId: member.user_id,
    })),
    codes: (dump.codes ?? []).map((code) => ({ expiresAt: new Date(code.expires_at) })),
  };
}

const parentOf = (path = ''): string | null =>
  path
    .split('/')
    .filter((step) => step !== '')
    .at(-2) ?? null;
