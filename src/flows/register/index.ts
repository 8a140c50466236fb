import { renderPage } from '../../http/render.ts';
import { documentFrom } from '../../schemas/form_fields.ts';
import { activateOwn } from '../activate/index.ts';
import { fieldName } from '../activate/account_form.ts';
import { chosenCredential, credentialsFor } from '../codes/credential_choice.ts';
import { appOf, visitor, type CodeFrame } from '../codes/frame.ts';
import { askForCode, goTo, readTypedCode, sendMessage } from '../codes/messages.ts';
import { readNewPassword } from '../codes/new_password.ts';
import { isInvalid, isRefused } from '../codes/refusals.ts';
import { readStepForm } from '../codes/sealed_step.ts';
import type { FlowDeps } from '../deps.ts';
import { rememberRegistration } from './registered_browser.ts';
import { showForm } from './registration_page.ts';

/** Whether people may make an account for themselves, and have a way to sign in afterwards (contract 5.4). */
export const isRegistrationOpen = ({ pool, mechanisms }: CodeFrame): boolean =>
  pool.publicRegistrationAllowed && credentialsFor(mechanisms).length > 0;

/** The form of somebody who makes an account. */
export async function showRegister(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  if (!isRegistrationOpen(frame)) return showClosed(frame);
  await showForm(deps, frame, await deps.domain.hostedRegistration.form(frame.pool));
}

/**
 * Takes the form and asks for the code of the message. A name that is taken gets the same answer, from the same
 * statements (rule 17): its owner is told, and the account that this browser remembers leads nowhere.
 */
export async function submitRegister(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { form } = await readStepForm(deps, frame);
  // Closed while the form was open.
  if (!isRegistrationOpen(frame)) return showClosed(frame);
  const { hostedRegistration } = deps.domain;
  const shown = await hostedRegistration.form(frame.pool);
  const credential = chosenCredential(form, credentialsFor(frame.mechanisms));
  const given = credential === 'password' ? readNewPassword(form) : { password: undefined };
  const identifier = (form.get('identifier') ?? '').trim();
  const { workspaceId, clientId, mechanisms, scope, ctx } = frame;
  try {
    const { userId } = await hostedRegistration.register(scope, {
      identifier,
      password: 'error' in given ? '' : given.password,
      payload: documentFrom(shown.fields, (name) => form.get(fieldName(name))),
      mechanisms,
      byCode: credential === 'code',
      workspaceId,
      clientId,
      by: visitor(frame),
      source: ctx.ip,
    });
    rememberRegistration(deps, frame, userId);
    const wantsPasskey = credential === 'passkey';
    const step = { typed: identifier, askedAt: Date.now(), registered: userId, wantsPasskey };
    await askForCode(deps, frame, 'registration', step);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    if (error.code === 'registration_not_allowed') return showClosed(frame);
    const password = 'error' in given ? given.error : undefined;
    await showForm(deps, frame, shown, { form, issues: error.issues ?? [], password });
  }
}

/** There is nothing to show without the form before it. */
export const showRegisterCode = async (_deps: FlowDeps, frame: CodeFrame): Promise<void> =>
  goTo(frame, 'register');

export const submitRegisterResend = (deps: FlowDeps, frame: CodeFrame): Promise<void> =>
  sendMessage(deps, frame, 'registration');

/** Takes the code: the account is active, and inside a sign-in the person goes straight on. */
export async function submitRegisterCode(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const given = await readTypedCode(deps, frame, 'registration');
  if (given === undefined) return;
  const { code, typed, step } = given;
  if (step.registered === undefined) return goTo(frame, 'register');
  try {
    await activateOwn(deps, frame, { code, typed, by: visitor(frame), source: frame.ctx.ip }, step);
  } catch (error) {
    if (!isRefused(error)) throw error;
    await askForCode(deps, frame, 'registration', step, { error: 'refused' });
  }
}

async function showClosed(frame: CodeFrame): Promise<void> {
  const signInHref = await frame.findSignIn(frame.clientId);
  await renderPage(frame.ctx, 'closed', {
    reason: 'registration',
    ...appOf(frame),
    ...(signInHref === undefined ? {} : { signInHref }),
  });
}
