import type { Knex } from 'knex';
import { json, selection, type Columns } from '../db/columns.ts';
import type { Translation } from './own_texts.ts';

type TenantScope = { readonly tenantId: string };

const COLUMNS: Columns<Translation> = {
  locale: 'locale',
  enabled: 'enabled',
  content: json('content'),
  rowVersion: 'row_version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const SELECT = selection(COLUMNS, 't');

/** SQL of a tenant's own sentences as one JSON object, for reads that bring them along. `tenantId` is an expression. */
export const ownTextsDocument = (tenantId: string): string =>
  `coalesce((SELECT json_object_agg(x.locale, x.content)
     FROM translations x WHERE x.tenant_id = ${tenantId} AND x.enabled), '{}')`;

export async function listTranslations(executor: Knex, scope: TenantScope): Promise<Translation[]> {
  const { rows } = await executor.raw<{ rows: Translation[] }>(
    `SELECT ${SELECT} FROM translations t WHERE t.tenant_id = ? ORDER BY t.locale`,
    [scope.tenantId],
  );
  return rows;
}

export async function findTranslation(
  executor: Knex,
  scope: TenantScope,
  locale: string,
): Promise<Translation | undefined> {
  const { rows } = await executor.raw<{ rows: Translation[] }>(
    `SELECT ${SELECT} FROM translations t WHERE t.tenant_id = ? AND t.locale = ?`,
    [scope.tenantId, locale],
  );
  return rows[0];
}

/** Throws the foreign key violation of a tenant that is gone. */
export async function putTranslation(
  tx: Knex.Transaction,
  scope: TenantScope,
  { locale, enabled, content }: Pick<Translation, 'locale' | 'enabled' | 'content'>,
): Promise<void> {
  await tx.raw(
    `INSERT INTO translations (tenant_id, locale, enabled, content) VALUES (?, ?, ?, ?)
     ON CONFLICT (tenant_id, locale) DO UPDATE
        SET enabled = excluded.enabled, content = excluded.content, updated_at = now(),
            row_version = translations.row_version + 1`,
    [scope.tenantId, locale, enabled, JSON.stringify(content)],
  );
}

/** False when there was nothing to take back. */
export async function deleteTranslation(
  tx: Knex.Transaction,
  scope: TenantScope,
  locale: string,
): Promise<boolean> {
  return (await tx('translations').where({ tenant_id: scope.tenantId, locale }).del()) > 0;
}
