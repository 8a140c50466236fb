import type { Knex } from 'knex';
import { selection, type Columns } from '../../db/columns.ts';
import type { MessageTemplate, TemplateKey } from './message_template.ts';
import type { OwnWords } from './own_words.ts';

type TenantScope = { readonly tenantId: string };

const COLUMNS: Columns<MessageTemplate> = {
  tenantId: 'tenant_id',
  message: 'message',
  channel: 'channel',
  locale: 'locale',
  subject: 'subject',
  text: 'text',
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 't');
const keyOf = ({ tenantId, message, channel, locale }: TemplateKey) => ({
  tenant_id: tenantId,
  message,
  channel,
  locale,
});

/** All of a tenant's: as many as there are messages, forms and languages. */
export async function listTemplates(executor: Knex, scope: TenantScope): Promise<MessageTemplate[]> {
  const { rows } = await executor.raw<{ rows: MessageTemplate[] }>(
    `SELECT ${SELECT} FROM message_templates t WHERE t.tenant_id = ? ORDER BY t.message, t.channel, t.locale`,
    [scope.tenantId],
  );
  return rows;
}

export async function findTemplate(
  executor: Knex,
  { tenantId, message, channel, locale }: TemplateKey,
): Promise<MessageTemplate | undefined> {
  const { rows } = await executor.raw<{ rows: MessageTemplate[] }>(
    `SELECT ${SELECT} FROM message_templates t
      WHERE t.tenant_id = ? AND t.message = ? AND t.channel = ? AND t.locale = ?`,
    [tenantId, message, channel, locale],
  );
  return rows[0];
}

/** Throws the foreign key violation of a tenant that is gone. */
export async function putTemplate(
  tx: Knex.Transaction,
  key: TemplateKey,
  { subject, text }: OwnWords,
): Promise<void> {
  await tx('message_templates')
    .insert({ ...keyOf(key), subject, text })
    .onConflict(['tenant_id', 'message', 'channel', 'locale'])
    .merge({
      subject,
      text,
      updated_at: tx.fn.now(),
      row_version: tx.raw('message_templates.row_version + 1'),
    });
}

export async function deleteTemplate(tx: Knex.Transaction, key: TemplateKey): Promise<void> {
  await tx('message_templates').where(keyOf(key)).del();
}

/** Holds the tenant's templates against other changes until the transaction ends. */
export async function lockTemplates(tx: Knex.Transaction, scope: TenantScope): Promise<void> {
  await tx.raw('SELECT FROM tenants WHERE tenant_id = ? FOR NO KEY UPDATE', [scope.tenantId]);
}
