import type { Knex } from 'knex';
import type { Transport, TransportKey } from './transport.ts';

type Scope = { readonly tenantId: string };
type Written = Omit<Transport, 'rowVersion' | 'createdAt' | 'updatedAt'>;

const SELECT = `
  SELECT m.tenant_id AS "tenantId", m.transport_id AS id, m.channel, m.enabled,
         m.settings || jsonb_build_object('provider', m.provider) AS settings, m.sealed_secret AS "sealedSecret",
         m.row_version AS "rowVersion", m.created_at AS "createdAt", m.updated_at AS "updatedAt"
    FROM message_transports m`;

/** Throws the unique violations of `message_transports_pkey` and `message_transports_one_enabled`. */
export async function insertTransport(tx: Knex.Transaction, transport: Written): Promise<void> {
  await tx('message_transports').insert({
    tenant_id: transport.tenantId,
    transport_id: transport.id,
    channel: transport.channel,
    ...columnsOf(transport),
  });
}

/** The same, of what is there. Throws the unique violation of `message_transports_one_enabled`. */
export async function updateTransport(tx: Knex.Transaction, transport: Written): Promise<void> {
  await tx('message_transports')
    .where({ tenant_id: transport.tenantId, transport_id: transport.id })
    .update({
      ...columnsOf(transport),
      row_version: tx.raw('row_version + 1'),
      updated_at: tx.fn.now(),
    });
}

export async function deleteTransport(tx: Knex.Transaction, key: TransportKey): Promise<void> {
  await tx('message_transports').where({ tenant_id: key.tenantId, transport_id: key.transportId }).delete();
}

export async function findTransport(executor: Knex, key: TransportKey): Promise<Transport | undefined> {
  const { rows } = await executor.raw<{ rows: Transport[] }>(
    `${SELECT} WHERE m.tenant_id = ? AND m.transport_id = ?`,
    [key.tenantId, key.transportId],
  );
  return rows[0];
}

/** All of a tenant's; they are few. */
export async function listTransports(executor: Knex, { tenantId }: Scope): Promise<Transport[]> {
  const { rows } = await executor.raw<{ rows: Transport[] }>(
    `${SELECT} WHERE m.tenant_id = ? ORDER BY m.channel, m.created_at, m.transport_id`,
    [tenantId],
  );
  return rows;
}

function columnsOf({ enabled, settings: { provider, ...settings }, sealedSecret }: Written) {
  return { enabled, provider, settings: JSON.stringify(settings), sealed_secret: sealedSecret };
}
