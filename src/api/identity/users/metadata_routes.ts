import { z } from 'zod';
import type { FullUser } from '../../../users/user.ts';
import { ADMIN_BASE } from '../../both_apis.ts';
import { freeMap, id } from '../../fields.ts';
import { present } from '../../present.ts';
import { ofUser } from '../../requirement.ts';
import { route, type Answer } from '../../route.ts';

const tag = 'users';
const METADATA = `${ADMIN_BASE}/pools/{ipID}/users/{userID}/metadata`;

const UserMetadata = z.strictObject({ metadata: freeMap }).meta({ id: 'UserMetadata' });
const UserMetadataWithSchema = z
  .strictObject({ metadata: freeMap, schema_id: id.optional() })
  .meta({ id: 'UserMetadataWithSchema' });

/** What differs between the two kinds: who keeps them, with permissions of their own (contract 6.6). */
const KINDS = [
  {
    word: 'admin',
    name: 'Metadata',
    keepers: 'administrators',
    field: 'metadata',
    schemaField: 'metadataSchemaId',
    read: ofUser('b2b_read_admin_metadata'),
    manage: ofUser('b2b_manage_admin_metadata'),
  },
  {
    word: 'business',
    name: 'BusinessMetadata',
    keepers: 'delegated administrators',
    field: 'businessMetadata',
    schemaField: 'businessMetadataSchemaId',
    read: ofUser('b2b_read_business_metadata'),
    manage: ofUser('b2b_manage_business_metadata'),
  },
] as const;

type Kind = (typeof KINDS)[number];

/** Either kind of metadata, apart from the person. */
export const userMetadataRoutes = KINDS.flatMap((kind) => [reading(kind), replacing(kind)]);

const answer = (user: FullUser, { field, schemaField }: Kind): Answer => ({
  version: user.rowVersion,
  body: { metadata: user[field], ...present({ schema_id: user[schemaField] }) },
});

function reading(kind: Kind) {
  return route({
    method: 'get',
    path: `${METADATA}/${kind.word}`,
    operationId: `GetUser${kind.name}`,
    summary: `What ${kind.keepers} keep about a person`,
    tag,
    requires: kind.read,
    answers: { status: 200, schema: UserMetadataWithSchema },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answer(await domain.users.get(scope), kind);
    },
  });
}

function replacing(kind: Kind) {
  return route({
    method: 'put',
    path: `${METADATA}/${kind.word}`,
    operationId: `SetUser${kind.name}`,
    summary: `Replace what ${kind.keepers} keep about a person`,
    tag,
    requires: kind.manage,
    body: UserMetadata,
    answers: { status: 200, schema: UserMetadataWithSchema },
    refuses: [404, 412],
    handler: async ({ params, body: { metadata }, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answer(await domain.metadata.set(scope, kind.field, metadata, by, expected), kind);
    },
  });
}
