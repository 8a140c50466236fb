import { newTotpSecret } from '../../credentials/totp.ts';
import { forbidden } from '../../http/errors.ts';
import { otpauthAddress, qrCode } from '../../http/qr.ts';
import { renderPage } from '../../http/render.ts';
import type { AccountToRecover } from '../../users/journeys/hosted_factor_service.ts';
import { appOf, type CodeFrame } from '../codes/frame.ts';
import { digitsOf } from '../codes/messages.ts';
import { isInvalid } from '../codes/refusals.ts';
import { formFields, readStepForm, type Step } from '../codes/sealed_step.ts';
import type { FlowDeps } from '../deps.ts';
import { readCreation } from '../sign_in/passkey_answer.ts';
import { isConfirmed, type Lost, presented, showOnlyAdministrators } from './lost.ts';

type Error_ = 'refused' | 'missing' | 'passkey';

/** Shows the secret of a new app, or what makes a passkey. A secret that was shown before is shown again. */
export async function askForFactor(
  deps: FlowDeps,
  frame: CodeFrame,
  { type, pages }: Lost,
  step: Step,
  { signInName }: Pick<AccountToRecover, 'signInName'>,
  error?: Error_,
): Promise<void> {
  const secret = step.secret ?? newTotpSecret();
  const issuer = frame.pool.name;
  const isTotp = type === 'reset_totp';
  await renderPage(frame.ctx, 'set_factor', {
    ...formFields(deps, frame, isTotp ? { ...step, secret } : step),
    ...appOf(frame),
    action: frame.path(pages.confirm),
    factor: isTotp ? 'totp' : 'passkey',
    ...(isTotp
      ? { totp: { secret, qr: qrCode(otpauthAddress({ issuer, account: signInName, secret })) } }
      : { optionsHref: frame.path('set-passkey-options') }),
    ...(error === undefined ? {} : { error }),
  });
}

/** Takes the first code of the new app: it takes the place of the old one, and all sessions end. */
export async function submitTotp(deps: FlowDeps, frame: CodeFrame, lost: Lost): Promise<void> {
  const { form, step, account } = await readConfirmed(deps, frame, lost);
  if (account === undefined) return;
  const code = digitsOf(form.get('code') ?? '');
  if (code === '') return askForFactor(deps, frame, lost, step, account, 'missing');
  try {
    const given = { secret: step.secret ?? '', code };
    await deps.domain.hostedFactors.setTotp(frame.scope, presented(frame, step), given);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    return askForFactor(deps, frame, lost, step, account, 'refused');
  }
  await showDone(frame, 'totp_set');
}

/** Tells the script of the page what to ask the authenticator for. */
export async function givePasskeyOptions(deps: FlowDeps, frame: CodeFrame, lost: Lost): Promise<void> {
  const { account } = await readConfirmed(deps, frame, lost);
  if (account === undefined) return;
  const { ctx, scope } = frame;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = await deps.domain.passkeys.beginCreation({ ...scope, userId: account.userId });
}

/** Takes the authenticator's answer. */
export async function submitPasskey(deps: FlowDeps, frame: CodeFrame, lost: Lost): Promise<void> {
  const { form, step, account } = await readConfirmed(deps, frame, lost);
  if (account === undefined) return;
  const answer = readCreation(form);
  if (answer === undefined) return askForFactor(deps, frame, lost, step, account, 'passkey');
  try {
    await deps.domain.hostedFactors.setPasskey(frame.scope, presented(frame, step), answer);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    return askForFactor(deps, frame, lost, step, account, 'passkey');
  }
  const { userId, signInName: typed } = account;
  // Somebody who has just registered goes straight on.
  if (frame.complete !== undefined) return frame.complete({ typed, userId });
  await showDone(frame, 'passkey_set');
}

/** A form of somebody who has proven everything before it. 403 for any other; 401 when the code is gone. */
async function readConfirmed(deps: FlowDeps, frame: CodeFrame, lost: Lost) {
  const { form, step } = await readStepForm(deps, frame);
  const account = await deps.domain.hostedFactors.lookAt(frame.scope, lost.type, presented(frame, step));
  if (account.isRefused) {
    await showOnlyAdministrators(frame);
    return { form, step, account: undefined };
  }
  if (!isConfirmed(step, account)) {
    throw forbidden('Open the link of the message again', { code: 'form_not_ours' });
  }
  return { form, step, account };
}

async function showDone(frame: CodeFrame, purpose: 'totp_set' | 'passkey_set'): Promise<void> {
  const signInHref = await frame.findSignIn(frame.clientId);
  await renderPage(frame.ctx, 'done', {
    purpose,
    ...appOf(frame),
    ...(signInHref === undefined ? {} : { signInHref }),
  });
}
