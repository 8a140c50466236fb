import { readCreation } from '../sign_in/passkey_answer.ts';
import { isInvalid } from '../codes/refusals.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { isCodeOf } from './refusals.ts';
import { readOwnForm, showPage, type Visit } from './visit.ts';

/** As the self API takes it: one line. */
const MAX_NAME_CHARS = 100;

export const showPasskeys = (deps: FlowDeps, visit: Visit): Promise<void> => ask(deps, visit);

/** Names a passkey, or removes one that is not the last. */
export async function changePasskey(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const { passkeys } = deps.domain;
  const { scope, by, keep } = visit;
  const id = form.get('passkey') ?? '';
  if (form.get('do') !== 'remove') {
    const line = (form.get('name') ?? '').replaceAll(/\p{Cc}+/gu, ' ').trim();
    const name = line.slice(0, MAX_NAME_CHARS).toWellFormed();
    await passkeys.rename(scope, id, name, by);
    return leadOn(visit, 'passkeys', 'passkey_named');
  }
  try {
    await passkeys.remove(scope, id, by, { keepLast: true, keep });
  } catch (error) {
    if (isCodeOf(error, 'last_passkey')) return ask(deps, visit, 'last');
    throw error;
  }
  leadOn(visit, 'passkeys', 'passkey_removed');
}

/** Tells the script what to ask the authenticator for, and with which challenge. */
export async function givePasskeyOptions(deps: FlowDeps, visit: Visit): Promise<void> {
  await readOwnForm(deps, visit);
  visit.ctx.set('Cache-Control', 'no-store');
  visit.ctx.body = await deps.domain.passkeys.beginCreation(visit.scope);
}

/** Takes what the authenticator has made. */
export async function addPasskey(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const answer = readCreation(form);
  if (answer === undefined) return ask(deps, visit, 'passkey');
  try {
    await deps.domain.passkeys.completeCreation(visit.scope, answer, visit.by);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    return ask(deps, visit, 'passkey');
  }
  leadOn(visit, 'passkeys', 'passkey_added');
}

async function ask(deps: FlowDeps, visit: Visit, error?: 'passkey' | 'last'): Promise<void> {
  const keys = await deps.domain.passkeys.list(visit.scope);
  await showPage(deps, visit, 'account_passkeys', {
    passkeys: keys.map(({ id, name, createdAt }) => ({ id, name, createdAt: new Date(createdAt) })),
    optionsHref: visit.path('passkey-options'),
    addHref: visit.path('passkey-add'),
    ...(error === undefined ? {} : { error }),
  });
}
