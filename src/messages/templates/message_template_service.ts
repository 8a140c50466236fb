import type { Database } from '../../db/connection.ts';
import { violatedForeignKey } from '../../db/errors.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type ExpectedVersion, notFound, refuseAny, requireVersion } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { isSpoken } from '../../i18n/locales.ts';
import { findTenant } from '../../tenants/tenant_store.ts';
import { OWN_MESSAGES } from '../catalogue.ts';
import { CHANNELS } from '../message.ts';
import { plainName } from '../plain_name.ts';
import { builtInWords, type Preview, previewOf, type SampleValues } from './preview.ts';
import { type MessageTemplate, type TemplateKey, templateIssues } from './message_template.ts';
import * as store from './message_template_store.ts';
import type { OwnWords } from './own_words.ts';

type TenantScope = { readonly tenantId: string };

/** A key as it stands in an address. */
export type NamedTemplate = TenantScope & {
  readonly message: string;
  readonly channel: string;
  readonly locale: string;
};

export type MessageTemplateService = ReturnType<typeof createMessageTemplateService>;

/** The words of messages as a tenant wants them. What holds is read with each message. Throws `DomainError`. */
export function createMessageTemplateService({ db, publicUrl }: { db: Database; publicUrl: string }) {
  const changing = async <T>(change: Parameters<typeof inTransaction<T>>[1]): Promise<T> => {
    try {
      return await inTransaction(db, change);
    } catch (error) {
      if (violatedForeignKey(error) !== undefined) throw notFound('Tenant');
      throw error;
    }
  };

  return {
    list: (scope: TenantScope): Promise<MessageTemplate[]> => store.listTemplates(db.knex, scope),

    /** What the tenant has written; 404 where it has written nothing. */
    async get(named: NamedTemplate): Promise<MessageTemplate> {
      return (await store.findTemplate(db.knex, keyOf(named))) ?? absent();
    },

    /** What Weir says, as a text with variables: the place to begin at. */
    builtIn: (named: NamedTemplate): TemplateKey & OwnWords => {
      const key = keyOf(named);
      return { ...key, ...builtInWords(key) };
    },

    /** Puts words in the place of ours. They hold from the next message on, in every process. */
    async put(
      named: NamedTemplate,
      words: OwnWords,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<MessageTemplate> {
      const key = keyOf(named);
      refuseAny(templateIssues(key, words));
      return changing(async (tx) => {
        await store.lockTemplates(tx, key);
        requireVersion(expected, (await store.findTemplate(tx, key)) ?? NOT_THERE);
        await store.putTemplate(tx, key, words);
        await audit(tx, key, by);
        return (await store.findTemplate(tx, key)) ?? absent();
      });
    },

    async remove(named: NamedTemplate, by: Actor, expected?: ExpectedVersion): Promise<void> {
      const key = keyOf(named);
      await changing(async (tx) => {
        await store.lockTemplates(tx, key);
        requireVersion(expected, (await store.findTemplate(tx, key)) ?? absent());
        await store.deleteTemplate(tx, key);
        await audit(tx, key, by);
      });
    },

    /**
     * The message as it would be sent, with these words, else those of the tenant, else ours; with these values, else
     * samples. Sends nothing.
     */
    async preview(named: NamedTemplate, words: OwnWords | undefined, values: SampleValues): Promise<Preview> {
      const key = keyOf(named);
      if (words !== undefined) refuseAny(templateIssues(key, words));
      const tenant = await findTenant(db.knex, key);
      if (tenant === undefined) throw notFound('Tenant');
      const own = words ?? (await store.findTemplate(db.knex, key));
      const product = plainName(values.product ?? tenant.name, key.channel);
      return previewOf(key, own, { ...values, product }, publicUrl);
    },
  };
}

/** No row has it: whoever names a version expects one that is there. */
const NOT_THERE = { rowVersion: 0 };

function keyOf({ tenantId, message, channel, locale }: NamedTemplate): TemplateKey {
  const known = OWN_MESSAGES.find((name) => name === message);
  const by = CHANNELS.find((name) => name === channel);
  if (known === undefined || by === undefined || !isSpoken(locale)) absent();
  return { tenantId, message: known, channel: by, locale };
}

const audit = (
  tx: Parameters<typeof recordAudit>[0],
  { tenantId, message, channel, locale }: TemplateKey,
  by: Actor,
): Promise<void> =>
  recordAudit(tx, { tenantId }, by, {
    subject: 'tenant',
    action: 'updated',
    payload: { tenant_id: tenantId, changed: 'message_template', message, channel, locale },
  });

function absent(): never {
  throw notFound('Message template');
}
