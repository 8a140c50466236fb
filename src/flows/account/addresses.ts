import type { AccountAddressesModel } from '../../http/account_pages.ts';
import { isInvalid, isRefused } from '../codes/refusals.ts';
import type { FormFields } from '../../http/form_body.ts';
import { digitsOf } from '../codes/messages.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { isCodeOf } from './refusals.ts';
import { profileOf, readOwnForm, showPage, type Visit } from './visit.ts';

type Shown = Pick<AccountAddressesModel, 'typed' | 'replaces' | 'error'>;

const MAX_TYPED = 320;

/** The addresses, the change that waits, and a form for a new one. */
export async function showAddresses(deps: FlowDeps, visit: Visit): Promise<void> {
  const { replaces } = visit.ctx.query;
  await ask(deps, visit, { typed: '', ...(typeof replaces === 'string' ? { replaces } : {}) });
}

/**
 * Takes a new address, the code that went to it, or a change of mind. Nothing changes before the code was right,
 * and whether the address is somebody else's is never said.
 */
export async function changeAddresses(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const { addressChanges } = deps.domain;
  const what = form.get('do');
  if (what === 'send') return send(deps, visit, form);
  if (what === 'resend') {
    await addressChanges.resend(visit.scope, requestOf(visit));
    return leadOn(visit, 'addresses', 'address_sent');
  }
  if (what === 'cancel') {
    await addressChanges.cancel(visit.scope);
    return leadOn(visit, 'addresses', 'address_cancelled');
  }
  return confirm(deps, visit, form);
}

const requestOf = ({ ctx, by, server }: Visit) => ({
  workspaceId: server.snapshot.workspaceId,
  by,
  source: ctx.ip,
});

async function send(deps: FlowDeps, visit: Visit, form: FormFields): Promise<void> {
  const { scope, keep } = visit;
  const address = (form.get('address') ?? '').trim().slice(0, MAX_TYPED);
  const replaces = form.get('replaces') || undefined;
  const shown = { typed: address, ...(replaces === undefined ? {} : { replaces }) };
  try {
    await deps.domain.addressChanges.begin(scope, { ...requestOf(visit), address, replaces, keep });
  } catch (error) {
    if (isCodeOf(error, 'address_taken')) return ask(deps, visit, { ...shown, error: 'known' });
    if (!isInvalid(error)) throw error;
    return ask(deps, visit, { ...shown, error: 'refused' });
  }
  leadOn(visit, 'addresses', 'address_sent');
}

async function confirm(deps: FlowDeps, visit: Visit, form: FormFields): Promise<void> {
  const { addressChanges } = deps.domain;
  const { scope, by, ctx } = visit;
  const pending = await addressChanges.pending(scope);
  if (pending === undefined) return leadOn(visit, 'addresses');
  const proof = { address: pending.address, code: digitsOf(form.get('code') ?? ''), by, source: ctx.ip };
  try {
    await addressChanges.confirm(scope, proof);
  } catch (error) {
    if (!isRefused(error) && !isInvalid(error)) throw error;
    return ask(deps, visit, { typed: '', error: 'code' });
  }
  leadOn(visit, 'addresses', 'address_confirmed');
}

async function ask(deps: FlowDeps, visit: Visit, { typed, replaces, error }: Shown): Promise<void> {
  const { user, pool } = await profileOf(deps, visit);
  const pending = await deps.domain.addressChanges.pending(visit.scope);
  const isOwn = user.addresses.some(({ address }) => address === replaces);
  await showPage(deps, visit, 'account_addresses', {
    addresses: user.addresses.map(({ address, type, verified }) => ({
      address,
      type,
      isConfirmed: verified,
    })),
    ...(pending === undefined
      ? {}
      : {
          pending: {
            address: pending.address,
            expiresAt: pending.expiresAt,
            ...(pending.replaces === undefined ? {} : { replaces: pending.replaces }),
          },
        }),
    codeLength: pool.otpSettings.verify_address.length,
    typed,
    ...(replaces !== undefined && isOwn ? { replaces } : {}),
    ...(error === undefined ? {} : { error }),
  });
}
