import type { Issue } from '../../domain_error.ts';
import type { ChosenCredential } from '../../http/credential_choice.ts';
import type { FormFields } from '../../http/form_body.ts';
import { renderPage } from '../../http/render.ts';
import { documentFrom } from '../../schemas/form_fields.ts';
import type { AccountToActivate, PresentedCode } from '../../users/codes/hosted_code_service.ts';
import type { FlowDeps } from '../deps.ts';
import { appOf, visitor, type CodeFrame } from '../codes/frame.ts';
import { chosenCredential, credentialsFor } from '../codes/credential_choice.ts';
import { readLink, showDeadLink } from '../codes/link.ts';
import { askForCode, askForMessage, readTypedCode, sendMessage } from '../codes/messages.ts';
import { passwordPart, readNewPassword, refusedPart } from '../codes/new_password.ts';
import { isInvalid, isRefused } from '../codes/refusals.ts';
import { formFields, readStepForm } from '../codes/sealed_step.ts';
import { registeredHere } from '../register/registered_browser.ts';
import { askForFirstPasskey, needsPasskey } from './first_passkey.ts';
import { askedFields, fieldName } from './account_form.ts';

/** What the link of an invitation leads to (contract 5.1): a button; nothing of the account before it is pressed. */
export async function showActivation(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const link = await readLink(deps, frame, 'activation');
  if (link === 'dead') return;
  if (link === 'none') return askForCode(deps, frame, 'activation', {});
  await renderPage(frame.ctx, 'follow_link', {
    ...formFields(deps, frame, { code: link.code }),
    ...appOf(frame),
    purpose: 'activation',
    ...(link.selfRegistered && registeredHere(deps, frame) === undefined
      ? { registeredElsewhere: true }
      : {}),
    action: frame.path('activate'),
  });
}

/** The button was pressed: asks for what the account lacks, or is done when it lacks nothing. */
export async function beginActivation(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { step } = await readStepForm(deps, frame);
  if (step.code === undefined) return showActivation(deps, frame);
  return goOn(deps, frame, presented(frame, step.code, step.typed), {
    registered: registeredHere(deps, frame),
  });
}

/**
 * In the browser that has registered an account: it is active with what was chosen there. Any other account that
 * the code is for, one that somebody had registered before above all, is asked for as an invited one is (rule 28).
 */
export const activateOwn = (deps: FlowDeps, frame: CodeFrame, code: PresentedCode, own: Own): Promise<void> =>
  goOn(deps, frame, code, own);

/** The account that this browser has registered, and what was chosen for it. */
type Own = { readonly registered?: string | undefined; readonly wantsPasskey?: boolean | undefined };

export const showActivationCode = (deps: FlowDeps, frame: CodeFrame): Promise<void> =>
  askForCode(deps, frame, 'activation', {});

/** The same with the code typed, and the name of whose it is. */
export async function submitActivationCode(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const given = await readTypedCode(deps, frame, 'activation');
  if (given === undefined) return;
  const { code, typed, step } = given;
  try {
    await goOn(deps, frame, presented(frame, code, typed));
  } catch (error) {
    if (!isRefused(error)) throw error;
    await askForCode(deps, frame, 'activation', step, { identifier: typed, error: 'refused' });
  }
}

export const showActivationResend = (deps: FlowDeps, frame: CodeFrame): Promise<void> =>
  askForMessage(deps, frame, 'activation');

export const submitActivationResend = (deps: FlowDeps, frame: CodeFrame): Promise<void> =>
  sendMessage(deps, frame, 'activation');

/** Takes what was lacking and activates the account. What is refused leaves the code as it is. */
export async function finishActivation(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { form, step } = await readStepForm(deps, frame);
  if (step.code === undefined) return showActivation(deps, frame);
  const code = presented(frame, step.code, step.typed);
  const account = await lookAt(deps, frame, code);
  if (account === undefined) return;
  const chosen = chosenCredential(form, choicesOf(frame, account));
  const given = chosen === 'password' ? readNewPassword(form) : { password: undefined };
  if ('error' in given) return askForAccount(deps, frame, code, account, { form, error: given.error });
  const payload = documentFrom(account.fields, (name) => form.get(fieldName(name)));
  const wantsPasskey = chosen === 'passkey';
  return activate(deps, frame, code, account, { password: given.password, payload, form, wantsPasskey });
}

async function goOn(
  deps: FlowDeps,
  frame: CodeFrame,
  code: PresentedCode,
  { registered, wantsPasskey }: Own = {},
): Promise<void> {
  const account = await lookAt(deps, frame, code);
  if (account === undefined) return;
  if (account.userId === registered && account.fields.length === 0) {
    const given = { password: undefined, payload: {}, ownAccount: true };
    return activate(deps, frame, code, account, { ...given, wantsPasskey });
  }
  const choices = choicesOf(frame, account);
  const asks = choices.length > 1 || choices.includes('password') || account.fields.length > 0;
  if (asks) return askForAccount(deps, frame, code, account);
  const isPasskey = choices.includes('passkey');
  return activate(deps, frame, code, account, { password: undefined, payload: {}, wantsPasskey: isPasskey });
}

/** How the person may want to sign in from now on: a password, a code each time, a passkey (contract 5.1). */
const choicesOf = (
  { mechanisms }: CodeFrame,
  { provenTypes }: Pick<AccountToActivate, 'provenTypes'>,
): ChosenCredential[] => credentialsFor(mechanisms, provenTypes);

/** What the account lacks. Undefined for a link that is dead, which the page has said; throws for a typed code. */
async function lookAt(
  { domain }: FlowDeps,
  frame: CodeFrame,
  code: PresentedCode,
): Promise<AccountToActivate | undefined> {
  try {
    return await domain.hostedCodes.lookAtActivation(frame.scope, code);
  } catch (error) {
    if (!isRefused(error) || code.typed !== undefined) throw error;
    await showDeadLink(frame, 'activation');
    return undefined;
  }
}

async function activate(
  deps: FlowDeps,
  frame: CodeFrame,
  code: PresentedCode,
  account: AccountToActivate,
  {
    form,
    wantsPasskey,
    ...given
  }: Parameters<FlowDeps['domain']['hostedCodes']['activate']>[3] &
    Pick<Own, 'wantsPasskey'> & { form?: FormFields },
): Promise<void> {
  try {
    await deps.domain.hostedCodes.activate(frame.scope, code, account, given);
  } catch (error) {
    if (isRefused(error)) return showDeadLink(frame, 'activation');
    if (!isInvalid(error)) throw error;
    const issues = error.issues ?? [];
    // Nothing that was filled in is wrong: it is the address that is no longer this account's.
    if (!issues.some(({ pointer }) => /^\/(?:payload|password)/.test(pointer)))
      return showDeadLink(frame, 'activation');
    return askForAccount(deps, frame, code, account, { ...(form && { form }), issues });
  }
  if (needsPasskey(frame, { wantsPasskey })) return askForFirstPasskey(deps, frame, account);
  const typed = code.typed ?? account.signInName;
  if (frame.complete !== undefined) return frame.complete({ typed, userId: account.userId });
  const signInHref = account.postActivationUrl ?? (await frame.findSignIn(account.clientId));
  const after = signInHref === undefined ? {} : { signInHref };
  await renderPage(frame.ctx, 'done', { purpose: 'activated', ...appOf(frame), ...after });
}

function askForAccount(
  deps: FlowDeps,
  frame: CodeFrame,
  { code, typed }: PresentedCode,
  account: AccountToActivate,
  wrong: { form?: FormFields; issues?: readonly Issue[]; error?: 'missing' | 'differs' } = {},
): Promise<void> {
  const { signInName, formTitle, fields } = account;
  const { form, issues = [], error } = wrong;
  const credentials = choicesOf(frame, account);
  const shown = askedFields(fields, form, issues);
  const part = {
    ...passwordPart(frame.pool.passwordPolicy, frame.path('check-password')),
    isOptional: credentials.length > 1,
  };
  const isPasswordRefused = issues.some(({ pointer }) => pointer === '/password');
  const password = isPasswordRefused ? refusedPart(part, issues) : error ? { ...part, error } : part;
  const isElsewhere = issues.length > 0 && !isPasswordRefused && shown.every((field) => !field.error);
  return renderPage(frame.ctx, 'activate_account', {
    ...formFields(deps, frame, { code, typed }),
    ...appOf(frame),
    action: frame.path('activate-account'),
    signInName,
    fields: shown,
    ...(formTitle === undefined ? {} : { formTitle }),
    ...(credentials.length > 1
      ? { choice: { credentials, credential: chosenCredential(form, credentials) ?? 'password' } }
      : {}),
    ...(credentials.includes('password') ? { password } : {}),
    ...(isElsewhere ? { error: 'data' as const } : {}),
  });
}

function presented(frame: CodeFrame, code: string, typed: string | undefined): PresentedCode {
  return { code, typed, by: visitor(frame), source: frame.ctx.ip };
}
