import type { Knex } from 'knex';
import type { Config } from '../config.ts';
import { inTransaction } from '../db/transaction.ts';
import type { Database } from '../db/connection.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { pickLocale, type Locale } from '../i18n/locales.ts';
import { offeredLanguages } from '../i18n/offered_languages.ts';
import { SealError, type Sealer } from '../security/seal.ts';
import { backoffSeconds, GIVE_UP_SECONDS } from './backoff.ts';
import { mailbox, type ChannelDriver, type Outcome, type Parcel } from './channels/channel.ts';
import { messageNameOf } from './catalogue.ts';
import type { ContentInput } from './content.ts';
import { valuesPlace, type MessageValues } from './message.ts';
import { maskedAddress } from './masked_address.ts';
import { plainName } from './plain_name.ts';
import { renderMail, renderSms } from './render_message.ts';
import { findTemplate } from './templates/message_template_store.ts';
import type { OwnWords } from './templates/own_words.ts';
import type { Ways } from './transports/ways.ts';
import { endMessage, postponeMessage, type ClaimedMessage, type Ending } from './worker_store.ts';

export type DeliveryDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly ways: Ways;
  readonly publicUrl: Config['publicUrl'];
  readonly onError: (error: unknown) => void;
};

/** One attempt at one message, and what is written down about it. Gives what came of it. */
export async function deliver(
  deps: DeliveryDeps,
  message: ClaimedMessage,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const way = wayOf(deps, message);
  // The mailbox of a development server shows dead codes too: people look there for what was sent.
  if (way !== mailbox && isExpired(message)) {
    await end(deps, message, { status: 'expired', error: message.isCodeGone ? 'code_ended' : 'expired' });
    return undefined;
  }
  const parcel = await parcelOf(deps, message);
  const outcome = 'ok' in way ? way : 'ok' in parcel ? parcel : await attempt(deps, { way, parcel }, signal);
  await settle(deps, message, outcome);
  return outcome;
}

/** By which the message leaves; or why there is no way. */
function wayOf({ ways, onError }: DeliveryDeps, message: ClaimedMessage): ChannelDriver | Outcome {
  try {
    return ways.of(message.channel, message.transport);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    onError(error);
    return { ok: false, permanent: false, error: 'not_opened' };
  }
}

/** A code that is dead by now helps nobody, and a person who was deleted is written to no more. */
function isExpired({ secondsLeft, isCodeGone, userId, userStatus }: ClaimedMessage): boolean {
  return (
    isCodeGone || (secondsLeft !== null && secondsLeft <= 0) || (userId !== null && userStatus === 'deleted')
  );
}

type Sending = { readonly way: ChannelDriver; readonly parcel: Parcel };

async function attempt({ onError }: DeliveryDeps, { way, parcel }: Sending, signal: AbortSignal) {
  try {
    return await way.send(parcel, signal);
  } catch (error) {
    // A driver does not throw; if one does, the message has another chance and the fault is seen.
    onError(error);
    return { ok: false, permanent: false, error: 'driver_fault' } as const;
  }
}

async function settle(deps: DeliveryDeps, message: ClaimedMessage, outcome: Outcome): Promise<void> {
  if (outcome.ok) {
    const { by, keepValues = false } = outcome;
    await end(deps, message, { status: 'sent', deliveredBy: by, keepValues });
    return;
  }
  const { permanent, error } = outcome;
  if (permanent || (message.secondsLeft === null && message.ageSeconds > GIVE_UP_SECONDS)) {
    await end(deps, message, { status: 'failed', error });
    return;
  }
  // A server that stops gives its messages back for the next one at once.
  const seconds = error === 'stopped' ? 0 : backoffSeconds(message.attempts);
  await postponeMessage(deps.db.knex, message, { seconds, error });
}

/** Ends the message and, when it carries a code, says so in the audit trail: both or neither (contract 6.2). */
async function end({ db }: DeliveryDeps, message: ClaimedMessage, ending: Ending): Promise<void> {
  await inTransaction(db, async (tx) => {
    const isOurs = await endMessage(tx, message, ending);
    if (!isOurs || message.codeId === null) return;
    const { tenantId, poolId, userId, workspaceId } = message;
    await recordAudit(tx, { tenantId }, SYSTEM_ACTOR, {
      subject: 'otp',
      action: ending.status === 'sent' ? 'sent' : 'not_sent',
      ...(workspaceId !== null && { workspaceId }),
      affected: { poolId, ...(userId !== null && { userId }) },
      payload: {
        otp_id: message.codeId,
        ...(userId !== null && { user_id: userId }),
        type: message.channel,
        address: message.recipient,
        purpose: message.purpose ?? message.template,
        ...(ending.error !== undefined && { failure_reason: ending.error }),
      },
    });
  });
}

/** The message in words; or why there are none. Throws what the database throws. */
async function parcelOf(deps: DeliveryDeps, message: ClaimedMessage): Promise<Parcel | Outcome> {
  const refused = (error: unknown): Outcome => {
    deps.onError(error);
    // A master key that was left out comes back; a text that cannot be written never can.
    const permanent = !(error instanceof SealError);
    return { ok: false, permanent, error: permanent ? 'not_rendered' : 'not_opened' };
  };
  let input: ContentInput;
  try {
    input = contentInputOf(deps.sealer, message);
  } catch (error) {
    return refused(error);
  }
  const own = await ownWordsOf(deps.db.knex, message, input);
  const parcel = { id: message.messageId, to: message.recipient, createdAt: message.createdAt };
  try {
    return message.channel === 'email'
      ? { ...parcel, channel: 'email', mail: renderMail(input, own) }
      : { ...parcel, channel: 'sms', text: renderSms(input, new URL(deps.publicUrl).hostname, own) };
  } catch (error) {
    return refused(error);
  }
}

/** What the tenant says in the place of our words, in the language of the reader. */
export function ownWordsOf(
  knex: Knex,
  { tenantId, channel }: Pick<Renderable, 'tenantId' | 'channel'>,
  { template, purpose, locale }: ContentInput,
): Promise<OwnWords | undefined> {
  return findTemplate(knex, { tenantId, message: messageNameOf(template, purpose), channel, locale });
}

export type Renderable = Pick<
  ClaimedMessage,
  | 'tenantId'
  | 'messageId'
  | 'template'
  | 'channel'
  | 'purpose'
  | 'sealedValues'
  | 'secondsLeft'
  | 'tenantName'
  | 'workspaceName'
  | 'locales'
  | 'languages'
>;

/** What a stored message says, opened and in the language of its reader. */
export function contentInputOf(sealer: Sealer, message: Renderable): ContentInput {
  const { template, purpose, secondsLeft } = message;
  const values = openValues(sealer, message);
  return {
    template,
    purpose,
    secondsLeft,
    locale: localeOf(message),
    product: plainName(message.workspaceName ?? message.tenantName, message.channel),
    values: { ...values, ...(values.address !== undefined && { address: maskedAddress(values.address) }) },
  };
}

function openValues(sealer: Sealer, message: Renderable): MessageValues {
  const { sealedValues } = message;
  if (sealedValues === null) return {};
  return JSON.parse(sealer.open(sealedValues, valuesPlace(message, message.messageId))) as MessageValues;
}

function localeOf({ locales: wishes, languages }: Renderable): Locale {
  const { locales } = offeredLanguages(languages ?? {});
  for (const wish of wishes) {
    const locale = wish === null ? undefined : pickLocale(wish, locales);
    if (locale !== undefined) return locale;
  }
  return locales[0];
}
