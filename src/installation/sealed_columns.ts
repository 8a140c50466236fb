import { answerPlace } from '../api/idempotency.ts';
import { clientSecretName } from '../clients/client_secret.ts';
import { valuesPlace } from '../messages/message.ts';
import { secretPlace } from '../messages/transports/transport.ts';
import { hashKeyPlace } from '../security/seal.ts';
import { interactionName } from '../sessions/handshake.ts';
import { sessionState } from '../sessions/hidden_values.ts';
import { totpPlace } from '../users/factors/totp_secret.ts';
import { signingKeyName } from '../workspaces/snapshot_store.ts';

/** A column of texts that a master key has sealed: each as a whole, or one inside a document. */
export type SealedColumn = {
  readonly table: string;
  readonly column: string;
  /** The primary key, in which the rows are gone through. */
  readonly key: readonly string[];
  /** What tells the place from, beside the key. */
  readonly beside: readonly string[];
  /** The name of the place that the text of a row is sealed for. */
  readonly placeOf: (row: Readonly<Record<string, string>>) => string;
};

function sealed<const Key extends string, const Beside extends string = never>(
  name: `${string}.${string}`,
  key: readonly Key[],
  placeOf: (row: Readonly<Record<Key | Beside, string>>) => string,
  beside: readonly Beside[] = [],
): SealedColumn {
  const [table = '', column = ''] = name.split('.');
  return { table, column, key, beside, placeOf };
}

type OfClient = { readonly tenant_id: string; readonly client_id: string };
const ofClient = (row: OfClient) => clientSecretName({ tenantId: row.tenant_id, clientId: row.client_id });
type OfTenant = { readonly tenant_id: string };
const tenantOf = (row: OfTenant) => ({ tenantId: row.tenant_id });

/**
 * Every column that holds sealed texts: who seals into a new one adds a line. `weir keys reseal` seals them anew,
 * `weir doctor` says which master keys they need; a test finds columns that are missing here.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  sealed('signing_keys.private_jwk_sealed', ['tenant_id', 'workspace_id', 'kid'], (row) =>
    signingKeyName({ ...tenantOf(row), workspaceId: row.workspace_id }, row.kid),
  ),
  sealed('clients.secret_sealed', ['tenant_id', 'client_id'], ofClient),
  sealed('rotated_client_secrets.secret_sealed', ['tenant_id', 'client_id', 'rotation'], ofClient),
  sealed(
    'credentials.secret',
    ['tenant_id', 'pool_id', 'credential_id'],
    (row) => totpPlace({ ...tenantOf(row), poolId: row.pool_id, userId: row.user_id }),
    ['user_id'],
  ),
  sealed('outbox.sealed_values', ['tenant_id', 'message_id'], (row) =>
    valuesPlace(tenantOf(row), row.message_id),
  ),
  sealed('message_transports.sealed_secret', ['tenant_id', 'transport_id'], (row) =>
    secretPlace({ ...tenantOf(row), transportId: row.transport_id }),
  ),
  sealed(
    'page_handshakes.interaction_sealed',
    ['tenant_id', 'id_hash'],
    (row) => interactionName(row.tenant_id, row.workspace_id),
    ['workspace_id'],
  ),
  sealed('sessions.payload', ['tenant_id', 'workspace_id', 'id_hash'], sessionState, ['uid']),
  sealed('idempotent_answers.answer', ['tenant_id', 'key_hash'], (row) =>
    answerPlace({ ...tenantOf(row), keyHash: row.key_hash }),
  ),
  sealed('wrapped_hash_keys.key_sealed', ['kid', 'purpose'], hashKeyPlace),
];

export type TextColumn = { readonly table: string; readonly column: string };

/** Columns whose sealed texts end by themselves within an hour or two. */
export const PASSING_COLUMNS: readonly TextColumn[] = [
  // The hints of pending sign-ins, and requests that were pushed.
  { table: 'flow_state', column: 'payload' },
  // The people of an import that is under way.
  { table: 'import_rows', column: 'document' },
];

/** Columns of keyed hashes that are kept for good. They cannot be made anew: their keys are wrapped in their place. */
export const HASHED_COLUMNS: readonly TextColumn[] = [
  { table: 'clients', column: 'secret_hash' },
  { table: 'rotated_client_secrets', column: 'secret_hash' },
  { table: 'recovery_codes', column: 'code_hash' },
];
