import type { Knex } from 'knex';
import { issueCode, type CodeType, type IssuedCode } from '../../credentials/codes.ts';
import type { Database } from '../../db/connection.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Actor, AuditEvent } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { enqueueMessage, enqueueNothing, type Template } from '../../messages/enqueue.ts';
import type { Pool } from '../../pools/pool.ts';
import type { Sealer } from '../../security/seal.ts';
import type { SendBudget } from '../../security/send_budget.ts';
import { codeLink } from './code_link.ts';
import type { KnownAddress, KnownUser } from '../user_key.ts';

export type SendCodeDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly budget: SendBudget;
  /** Where links lead. */
  readonly publicUrl: string;
};

export type CodeForm = 'link' | 'code';

/** A code that somebody asks to be sent. */
export type CodeRequest = {
  readonly pool: Pool;
  readonly type: CodeType;
  /** Who gets it and where; undefined when there is nobody, and then everything else happens all the same. */
  readonly to: { readonly known: KnownUser; readonly address: KnownAddress } | undefined;
  /** What was typed, in its looked-up form: what budgets count for somebody who is not there. */
  readonly typed: string;
  readonly form: CodeForm;
  readonly flow?: string | undefined;
  readonly workspaceId?: string | undefined;
  /** Where an activated person goes on; kept with the code, because a link can be edited. */
  readonly postActivationUrl?: string | undefined;
  /** The application that the person came from, kept with the code: where they go on afterwards. */
  readonly clientId?: string | undefined;
  /** The person made the account themselves; kept with the code, for the page that its link leads to. */
  readonly selfRegistered?: boolean | undefined;
  readonly byAdministrator?: boolean;
  readonly by: Actor;
  readonly source: string | undefined;
};

/**
 * Issues a code and puts its message into the outbox, in one transaction. Nothing tells a caller whether anything
 * was sent: for nobody, and beyond the budget, the same statements run and leave no code and no message (rule 17).
 */
export async function sendCode(deps: SendCodeDeps, request: CodeRequest): Promise<void> {
  const { pool, type, to, typed, by, source, byAdministrator = false } = request;
  const scope = { tenantId: pool.tenantId, poolId: pool.id };
  const within = await deps.budget.take(deps.db.knex, {
    ...scope,
    kind: type,
    address: to?.address.lookupKey ?? typed,
    user: to?.known.userId ?? `unknown:${typed}`,
    goesOut: to !== undefined,
    source,
    byAdministrator,
  });
  const wanted = { ...request, to: within ? to : undefined };
  await inTransaction(deps.db, async (tx) => {
    const issued = await issueFor(tx, deps, wanted);
    if (issued === undefined || wanted.to === undefined) await enqueueNothing(tx, deps.sealer);
    else await enqueueCode(tx, deps, wanted, wanted.to, issued);
    await recordAudit(tx, scope, by, requestEvent(request, issued, within));
  });
}

/** Issues and sends in the caller's transaction, or does the same for nobody; the budget is the caller's. */
export async function sendCodeIn(
  tx: Knex.Transaction,
  deps: SendCodeDeps,
  request: CodeRequest,
): Promise<void> {
  const issued = await issueFor(tx, deps, request);
  if (issued === undefined || request.to === undefined) await enqueueNothing(tx, deps.sealer);
  else await enqueueCode(tx, deps, request, request.to, issued);
}

/** The statement of a code that is for nobody, where another message goes out in its place. */
export async function issueNothing(
  tx: Knex.Transaction,
  deps: SendCodeDeps,
  request: CodeRequest,
): Promise<void> {
  await issueFor(tx, deps, { ...request, to: undefined });
}

function issueFor(
  tx: Knex.Transaction,
  { sealer }: SendCodeDeps,
  { pool, type, to, flow, postActivationUrl, clientId, selfRegistered = false }: CodeRequest,
): Promise<IssuedCode | undefined> {
  const scope = { tenantId: pool.tenantId, poolId: pool.id, userId: to?.known.userId ?? '' };
  const addressKey = to?.address.lookupKey;
  const metadata = {
    ...(postActivationUrl === undefined ? {} : { post_activation_url: postActivationUrl }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(selfRegistered ? { self_registered: true } : {}),
  };
  return issueCode(tx, sealer, scope, { ...pool.otpSettings[type], type, addressKey, flow, metadata });
}

async function enqueueCode(
  tx: Knex.Transaction,
  { sealer, publicUrl }: SendCodeDeps,
  { pool, type, form, workspaceId }: CodeRequest,
  { known, address }: NonNullable<CodeRequest['to']>,
  { codeId, code, extendedCode, expiresAt }: IssuedCode,
): Promise<void> {
  const scope = { tenantId: pool.tenantId, poolId: pool.id, userId: known.userId };
  const link = codeLink(publicUrl, scope, type, { extendedCode, workspaceId });
  const values = form === 'link' && link !== undefined ? { code, link } : { code };
  await enqueueMessage(tx, sealer, scope, {
    template: templateFor(type, values.link === undefined ? 'code' : 'link'),
    channel: address.type === 'email' ? 'email' : 'sms',
    to: address.address,
    workspaceId,
    values,
    expiresAt,
    codeId,
    purpose: type,
  });
}

/** Contract 7.2. */
function templateFor(type: CodeType, form: CodeForm): Template {
  if (type === 'activation') return `activate_account_with_${form}`;
  if (type === 'verify_address') return form === 'link' ? 'address_verification_with_link' : 'otp';
  if (type === 'authentication' || type === 'challenge') return 'otp';
  return `reset_credentials_with_${form}`;
}

const REQUESTED: Readonly<Partial<Record<CodeType, Pick<AuditEvent, 'subject' | 'action'>>>> = {
  reset_password: { subject: 'password', action: 'requested' },
  reset_totp: { subject: 'totp', action: 'reset_requested' },
  enroll_webauthn: { subject: 'webauthn', action: 'add_requested' },
};

function requestEvent(
  { pool, type, to }: CodeRequest,
  issued: IssuedCode | undefined,
  within: boolean,
): AuditEvent {
  return {
    ...(REQUESTED[type] ?? { subject: 'otp', action: 'requested' }),
    affected: { poolId: pool.id, ...(to === undefined ? {} : { userId: to.known.userId }) },
    payload: {
      purpose: type,
      ...(to === undefined
        ? {}
        : { user_id: to.known.userId, address: to.address.address, type: channelName(to.address) }),
      ...(issued === undefined ? {} : { otp_id: issued.codeId }),
      ...(to === undefined ? { failure_reason: 'nobody_to_send_to' } : {}),
      ...(within ? {} : { failure_reason: 'send_budget' }),
    },
  };
}

const channelName = ({ type }: KnownAddress): string => (type === 'email' ? 'email' : 'sms');
