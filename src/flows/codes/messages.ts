import { renderPage } from '../../http/render.ts';
import { maskedAddress } from '../../messages/masked_address.ts';
import type { FlowDeps } from '../deps.ts';
import { appOf, visitor, type CodeFrame, type CodePage } from './frame.ts';
import { formFields, readStepForm, type Step } from './sealed_step.ts';

export type MessagePurpose =
  | 'activation'
  | 'reset_password'
  | 'reset_totp'
  | 'enroll_webauthn'
  | 'registration';

/** Where a message is asked for, where again, and where its code is typed. */
const PAGES: Readonly<Record<MessagePurpose, { ask: CodePage; again: CodePage; code: CodePage }>> = {
  activation: { ask: 'activate-resend', again: 'activate-resend', code: 'activate-code' },
  reset_password: { ask: 'reset-password', again: 'reset-password', code: 'reset-password-code' },
  reset_totp: { ask: 'lost-totp', again: 'lost-totp', code: 'lost-totp-code' },
  enroll_webauthn: { ask: 'lost-passkey', again: 'lost-passkey', code: 'lost-passkey-code' },
  registration: { ask: 'register', again: 'register-resend', code: 'register-code' },
};

/** Longest name or address that is read. */
export const MAX_TYPED_LENGTH = 320;
// A person waits that long before a message may be lost. The budget of messages is the service's.
const RESEND_AFTER_SECONDS = 30;
const MOBILE = /^\+?[\d\s().-]{5,}$/;

/** Asks whom a message is for. */
export async function askForMessage(
  deps: FlowDeps,
  frame: CodeFrame,
  purpose: Exclude<MessagePurpose, 'registration'>,
  {
    identifier = '',
    mustReset = false,
    error,
  }: { identifier?: string; mustReset?: boolean; error?: 'missing' } = {},
): Promise<void> {
  const signInHref = frame.isInSignIn ? await frame.findSignIn() : undefined;
  await renderPage(frame.ctx, 'recover', {
    ...formFields(deps, frame),
    ...appOf(frame),
    purpose,
    action: frame.path(PAGES[purpose].ask),
    identifier,
    mustReset,
    haveCodeHref: frame.path(PAGES[purpose].code),
    ...(error === undefined ? {} : { error }),
    ...(signInHref === undefined ? {} : { signInHref }),
  });
}

/** Sends the message, if anybody is to get one, and shows the one page that follows whoever it is (rule 17). */
export async function sendMessage(deps: FlowDeps, frame: CodeFrame, purpose: MessagePurpose): Promise<void> {
  const { form, step } = await readStepForm(deps, frame);
  const typed = step.typed ?? (form.get('identifier') ?? '').slice(0, MAX_TYPED_LENGTH);
  if (purpose === 'registration' && step.typed === undefined) return goTo(frame, 'register');
  if (typed.trim() === '' && purpose !== 'registration')
    return askForMessage(deps, frame, purpose, { error: 'missing' });
  const isRepeat = step.askedAt !== undefined;
  if (waitSeconds(step) > 0) return askForCode(deps, frame, purpose, step);
  const { workspaceId, clientId, ctx, scope } = frame;
  const selfRegistered = purpose === 'registration';
  const wish = { typed, selfRegistered, workspaceId, clientId, by: visitor(frame), source: ctx.ip };
  const { hostedCodes, hostedFactors } = deps.domain;
  if (purpose === 'reset_password') await hostedCodes.requestReset(scope, wish);
  else if (purpose === 'reset_totp' || purpose === 'enroll_webauthn')
    await hostedFactors.request(scope, purpose, wish);
  else await hostedCodes.requestActivation(scope, wish);
  const now = { ...step, typed, askedAt: Date.now() };
  await askForCode(deps, frame, purpose, now, { sent: isRepeat });
}

/** Leads to a page of the same journey. */
export function goTo({ ctx, path }: CodeFrame, page: CodePage): void {
  ctx.status = 303;
  ctx.redirect(path(page));
}

/** Asks for the code of a message: of the one that was just asked for, or with the name of whose it is. */
export async function askForCode(
  deps: FlowDeps,
  frame: CodeFrame,
  purpose: MessagePurpose,
  step: Step,
  now: { sent?: boolean; identifier?: string; error?: 'refused' | 'missing' } = {},
): Promise<void> {
  const { ask, again, code } = PAGES[purpose];
  const { typed, askedAt, registered, wantsPasskey } = step;
  const sent = typed === undefined ? undefined : { typed, askedAt, registered, wantsPasskey };
  const signInHref = purpose === 'registration' ? await frame.findSignIn(frame.clientId) : undefined;
  await renderPage(frame.ctx, 'enter_code', {
    ...formFields(deps, frame, sent),
    ...appOf(frame),
    purpose,
    action: frame.path(code),
    codeLength: frame.pool.otpSettings[purpose === 'registration' ? 'activation' : purpose].length,
    otherHref: frame.path(ask),
    ...(signInHref === undefined ? {} : { signInHref }),
    ...(now.error === undefined ? {} : { error: now.error }),
    ...(sent === undefined
      ? { identifier: now.identifier ?? '' }
      : {
          sentTo: masked(sent.typed),
          resend: { action: frame.path(again), sent: now.sent === true, waitSeconds: waitSeconds(step) },
        }),
  });
}

/** The code that was typed, and by whom; undefined when there is none, and the page has asked again. */
export async function readTypedCode(
  deps: FlowDeps,
  frame: CodeFrame,
  purpose: MessagePurpose,
): Promise<{ code: string; typed: string; step: Step } | undefined> {
  const { form, step } = await readStepForm(deps, frame);
  const typed = step.typed ?? (form.get('identifier') ?? '').slice(0, MAX_TYPED_LENGTH);
  const code = digitsOf(form.get('code') ?? '');
  if (code !== '' && typed.trim() !== '') return { code, typed, step };
  await askForCode(deps, frame, purpose, step, { identifier: typed, error: 'missing' });
  return undefined;
}

/** From what was typed, never from what is stored: the same for everybody. A name is no address and stays. */
export function masked(typed: string): string {
  return typed.includes('@') || MOBILE.test(typed) ? maskedAddress(typed.trim()) : typed;
}

export function waitSeconds({ askedAt }: Pick<Step, 'askedAt'>): number {
  if (askedAt === undefined) return 0;
  return Math.max(0, Math.ceil((askedAt + RESEND_AFTER_SECONDS * 1000 - Date.now()) / 1000));
}

const MAX_CODE_LENGTH = 24;

/** Spaces and hyphens come along when a code is pasted; Arabic keyboards write digits of their own. */
export function digitsOf(text: string): string {
  return text
    .slice(0, MAX_CODE_LENGTH)
    .replaceAll(/[\s\u200e\u200f-]/g, '')
    .replaceAll(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
}
