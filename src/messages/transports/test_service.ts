import { randomUUID } from 'node:crypto';
import { inTransaction } from '../../db/transaction.ts';
import { parseEmail, parseMobile } from '../../credentials/identifier.ts';
import { DomainError, invalid, notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { offeredLanguages } from '../../i18n/offered_languages.ts';
import { SealError } from '../../security/seal.ts';
import { findTenant } from '../../tenants/tenant_store.ts';
import { mailbox, type Outcome, type Parcel } from '../channels/channel.ts';
import type { Channel } from '../message.ts';
import { plainName } from '../plain_name.ts';
import { failureWords } from './failure_words.ts';
import type { Transport, TransportKey } from './transport.ts';
import { findTransport } from './transport_store.ts';
import type { TransportServiceDeps } from './transport_service.ts';
import { countTest, testParcel } from './test_message.ts';

/** Somebody waits for the answer. */
const TEST_TIMEOUT_MS = 15_000;

/**
 * Sends a test message by a transport, enabled or not, and waits for what comes of it: the one message that does not
 * go through the outbox, because its sender wants to know at once and nothing is lost with it. Counted before it is
 * sent; 422 `not_delivered` says in words what went wrong.
 */
export function createTransportTest({ db, sealer, ways, publicUrl }: TransportServiceDeps) {
  return async (key: TransportKey, address: string, by: Actor): Promise<void> => {
    const transport = await findTransport(db.knex, key);
    const tenant = await findTenant(db.knex, key);
    if (transport === undefined || tenant === undefined) throw notFound('MFA method');
    const to = addressOf(transport.channel, address);
    await countTest(db.knex, sealer, { tenantId: key.tenantId, address: to });
    const parcel = testParcel(transport.channel, {
      id: randomUUID(),
      to,
      locale: offeredLanguages(tenant.settings.translations).locales[0],
      product: plainName(tenant.name, transport.channel),
      host: new URL(publicUrl).hostname,
    });
    const outcome = await sendOnce(transport, key, parcel);
    await inTransaction(db, (tx) =>
      recordAudit(tx, key, by, {
        subject: 'mfa_method',
        action: 'tested',
        payload: {
          id: transport.id,
          mechanism: transport.channel,
          address: to,
          delivered: outcome.ok,
          ...(outcome.ok ? {} : { failure_reason: outcome.error }),
        },
      }),
    );
    if (outcome.ok) return;
    const words = failureWords(outcome.error);
    throw new DomainError('invalid', `The message was not sent: ${words}`, { code: 'not_delivered' });
  };

  async function sendOnce(transport: Transport, key: TransportKey, parcel: Parcel): Promise<Outcome> {
    try {
      const way = ways.of(transport.channel, { ...transport, ...key });
      // Shows what is in the outbox, which a test never is.
      if (way === mailbox) return { ok: false, permanent: false, error: 'no_transport' };
      const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
      const outcome = await way.send(parcel, signal);
      return !outcome.ok && signal.aborted ? { ...outcome, error: 'timeout' } : outcome;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      return { ok: false, permanent: false, error: 'not_opened' };
    }
  }
}

/** The one address that is written to; refuses all that is not exactly one. */
function addressOf(channel: Channel, address: string): string {
  if (channel === 'sms') {
    const number = parseMobile(address);
    if (number !== undefined) return number;
    throw invalid('/address', 'must be a telephone number in international form, like +48123456789');
  }
  const email = parseEmail(address);
  if (email !== undefined) return `${email.local}@${email.domain}`;
  throw invalid('/address', 'must be one plain e-mail address, like ann@example.com');
}
