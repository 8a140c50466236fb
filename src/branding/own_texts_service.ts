import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { violatedForeignKey } from '../db/errors.ts';
import { type ExpectedVersion, notFound, refuseAny, requireVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { isSpoken, type Locale } from '../i18n/locales.ts';
import { changingConfig, type ConfigBus, type Touch } from '../workspaces/config_change.ts';
import { builtInTexts, contentIssues, type Translation } from './own_texts.ts';
import * as store from './own_texts_store.ts';

type TenantScope = { readonly tenantId: string };

export type OwnTextsService = ReturnType<typeof createOwnTextsService>;

/** The words of pages, language by language, as a tenant wants them (contract 3.5). Throws `DomainError`. */
export function createOwnTextsService({ db, bus }: { db: Database; bus: ConfigBus }) {
  const changing = <T>(scope: TenantScope, change: (tx: Knex.Transaction, touch: Touch) => Promise<T>) =>
    changingConfig(db, bus, async (tx, touch) => {
      // Pages read them with their workspace. Touched first, so that one change follows the other.
      await touch.workspacesOfTenant(scope);
      return change(tx, touch);
    });

  return {
    list: (scope: TenantScope): Promise<Translation[]> => store.listTranslations(db.knex, scope),

    /** What the tenant has written in a language; 404 where it has written nothing. */
    async get(scope: TenantScope, locale: string): Promise<Translation> {
      return (await store.findTranslation(db.knex, scope, locale)) ?? absent();
    },

    /** Every sentence of a page as Weir says it. */
    builtIn: (locale: string): Record<string, string> => builtInTexts(spoken(locale)),

    /** Puts words in the place of ours; sentences that are left out are said in ours again. */
    async put(
      scope: TenantScope,
      locale: string,
      { enabled, content }: Pick<Translation, 'enabled' | 'content'>,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<Translation> {
      spoken(locale);
      refuseAny(contentIssues(content, '/content'));
      return changing(scope, async (tx) => {
        requireVersion(expected, (await store.findTranslation(tx, scope, locale)) ?? NOT_THERE);
        await writing(() => store.putTranslation(tx, scope, { locale, enabled, content }));
        await audit(tx, scope, by, locale);
        return (await store.findTranslation(tx, scope, locale)) ?? absent();
      });
    },

    async remove(scope: TenantScope, locale: string, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await changing(scope, async (tx) => {
        requireVersion(expected, (await store.findTranslation(tx, scope, locale)) ?? absent());
        await store.deleteTranslation(tx, scope, locale);
        await audit(tx, scope, by, locale);
      });
    },
  };
}

/** No row has it: whoever names a version expects one that is there. */
const NOT_THERE = { rowVersion: 0 };

const spoken = (locale: string): Locale => (isSpoken(locale) ? locale : absent());

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (violatedForeignKey(error) !== undefined) throw notFound('Tenant');
    throw error;
  }
}

const audit = (tx: Knex.Transaction, scope: TenantScope, by: Actor, locale: string): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'tenant',
    action: 'updated',
    payload: { tenant_id: scope.tenantId, changed: 'translation', locale },
  });

function absent(): never {
  throw notFound('Translation');
}
