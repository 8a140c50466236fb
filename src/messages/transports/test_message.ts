import type { Knex } from 'knex';
import { tooManyTries } from '../../domain_error.ts';
import type { Locale } from '../../i18n/locales.ts';
import type { Sealer } from '../../security/seal.ts';
import { countOnEach } from '../../security/send_budget_store.ts';
import type { Parcel } from '../channels/channel.ts';
import type { ContentInput } from '../content.ts';
import type { Channel } from '../message.ts';
import { renderMail, renderSms } from '../render_message.ts';

/** Opens nothing: no code is stored for a test. */
const SAMPLE_CODE = '123456';
const WINDOW_SECONDS = 60 * 60;
// Enough to find a wrong port by trying, too little to write to people with.
const PER_TENANT = 20;
const PER_ADDRESS = 5;
const HASH_PURPOSE = 'transport_test';

/** Counts a test message, in a statement of its own, before anything is sent. Throws when there were enough. */
export async function countTest(
  knex: Knex,
  sealer: Sealer,
  { tenantId, address }: { readonly tenantId: string; readonly address: string },
): Promise<void> {
  const limits: readonly [string, number][] = [
    [sealer.keyedHash(HASH_PURPOSE, JSON.stringify(['tenant', tenantId])), PER_TENANT],
    [sealer.keyedHash(HASH_PURPOSE, JSON.stringify(['address', tenantId, address])), PER_ADDRESS],
  ];
  const keys = limits.map(([key]) => ({ key, windowSeconds: WINDOW_SECONDS }));
  const counted = await countOnEach(knex, tenantId, keys);
  if (limits.some(([key, most]) => (counted.get(key) ?? 0) > most)) throw tooManyTries(WINDOW_SECONDS);
}

/** What a test message says, as a mail or as a text. */
export function testParcel(
  channel: Channel,
  {
    id,
    to,
    product,
    host,
    locale,
  }: {
    readonly id: string;
    readonly to: string;
    readonly product: string;
    /** Where codes are entered, as browsers and phones want to know it. */
    readonly host: string;
    readonly locale: Locale;
  },
): Parcel {
  const input: ContentInput = {
    template: 'otp',
    purpose: 'transport_test',
    locale,
    product,
    values: { code: SAMPLE_CODE },
    secondsLeft: null,
  };
  const parcel = { id, to, createdAt: new Date() };
  return channel === 'email'
    ? { ...parcel, channel, mail: renderMail(input) }
    : { ...parcel, channel, text: renderSms(input, host) };
}
