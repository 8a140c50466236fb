import type { NewPasswordPart } from '../../http/code_pages.ts';
import { renderPage } from '../../http/render.ts';
import type { FlowDeps } from '../deps.ts';
import { appOf, visitor, type CodeFrame } from '../codes/frame.ts';
import { readLink, showDeadLink } from '../codes/link.ts';
import { askForCode, askForMessage, readTypedCode, sendMessage } from '../codes/messages.ts';
import { passwordPart, readNewPassword, refusedPart } from '../codes/new_password.ts';
import { isInvalid, isRefused } from '../codes/refusals.ts';
import { formFields, readStepForm, type Step } from '../codes/sealed_step.ts';

/** Forgot the password, or has to get a new one (contract 5.3, 5.6): asks who it is. */
export async function showRecover(
  deps: FlowDeps,
  frame: CodeFrame,
  known: { identifier?: string; mustReset?: boolean } = {},
): Promise<void> {
  if (isClosed(frame)) return showClosed(frame);
  return askForMessage(deps, frame, 'reset_password', known);
}

/** Takes the name, and says the same to everybody. */
export async function submitRecover(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  if (isClosed(frame)) return showClosed(frame);
  return sendMessage(deps, frame, 'reset_password');
}

export const showResetCode = (deps: FlowDeps, frame: CodeFrame): Promise<void> =>
  askForCode(deps, frame, 'reset_password', {});

/** Takes the code of a message. It is looked at and stays good for the password that follows. */
export async function submitResetCode(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const given = await readTypedCode(deps, frame, 'reset_password');
  if (given === undefined) return;
  const { code, typed, step } = given;
  try {
    const presented = { code, typed, by: visitor(frame), source: frame.ctx.ip };
    await deps.domain.hostedCodes.lookAtReset(frame.scope, presented);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return askForCode(deps, frame, 'reset_password', step, { identifier: typed, error: 'refused' });
  }
  return askForPassword(deps, frame, { code, typed });
}

/** What the link of a message leads to. Without one, the code is asked for. */
export async function showNewPassword(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const link = await readLink(deps, frame, 'reset_password');
  if (link === 'dead') return;
  if (link === 'none') return showResetCode(deps, frame);
  return askForPassword(deps, frame, link);
}

/** Uses the code up and sets the password. A password that is refused leaves the code as it is. */
export async function submitNewPassword(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { form, step } = await readStepForm(deps, frame);
  const { code, typed } = step;
  if (code === undefined) return showResetCode(deps, frame);
  const rules = passwordPart(frame.pool.passwordPolicy, frame.path('check-password'));
  const given = readNewPassword(form);
  if ('error' in given) return askForPassword(deps, frame, step, { ...rules, error: given.error });
  try {
    const presented = { code, typed, by: visitor(frame), source: frame.ctx.ip };
    const { clientId } = await deps.domain.hostedCodes.resetPassword(frame.scope, presented, given.password);
    const signInHref = await frame.findSignIn(clientId);
    const after = signInHref === undefined ? {} : { signInHref };
    return await renderPage(frame.ctx, 'done', { purpose: 'password_set', ...appOf(frame), ...after });
  } catch (error) {
    if (isInvalid(error)) return askForPassword(deps, frame, step, refusedPart(rules, error.issues ?? []));
    if (isRefused(error)) return showDeadLink(frame, 'reset_password');
    throw error;
  }
}

function askForPassword(
  deps: FlowDeps,
  frame: CodeFrame,
  { code, typed }: Step,
  password: NewPasswordPart = passwordPart(frame.pool.passwordPolicy, frame.path('check-password')),
): Promise<void> {
  return renderPage(frame.ctx, 'new_password', {
    ...formFields(deps, frame, { code, typed }),
    ...appOf(frame),
    purpose: 'reset',
    action: frame.path('set-password'),
    password,
  });
}

/** Administrators alone give out new passwords; the links that they send work all the same. */
const isClosed = ({ pool }: CodeFrame): boolean =>
  pool.resetCredentialsSettings.doNotAllowUsersToSelfResetCredentials;

async function showClosed(frame: CodeFrame): Promise<void> {
  const signInHref = await frame.findSignIn();
  await renderPage(frame.ctx, 'closed', {
    reason: 'self_reset',
    ...appOf(frame),
    ...(signInHref === undefined ? {} : { signInHref }),
  });
}
