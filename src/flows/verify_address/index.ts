import { DomainError } from '../../domain_error.ts';
import type { FormFields } from '../../http/form_body.ts';
import { renderPage } from '../../http/render.ts';
import type { FlowDeps } from '../deps.ts';
import { appOf, visitor, type CodeFrame } from '../codes/frame.ts';
import { readLink, showDeadLink } from '../codes/link.ts';
import { digitsOf, MAX_TYPED_LENGTH } from '../codes/messages.ts';
import { isRefused } from '../codes/refusals.ts';
import { formFields, readStepForm } from '../codes/sealed_step.ts';

/** What the link to an address leads to (contract 5.8): a button, because programs open links. */
export async function showVerifyAddress(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const link = await readLink(deps, frame, 'verify_address');
  if (link === 'dead') return;
  if (link === 'none') return askForTypedCode(deps, frame);
  await renderPage(frame.ctx, 'follow_link', {
    ...formFields(deps, frame, { code: link.code }),
    ...appOf(frame),
    purpose: 'verify_address',
    action: frame.path('verify-address'),
  });
}

/**
 * Uses the code up, of a link or typed with the name of whose it is: the address is the person's. One that is proven
 * already is just that.
 */
export async function submitVerifyAddress(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { form, step } = await readStepForm(deps, frame);
  const typed = step.code === undefined ? typedIn(form) : undefined;
  if (typed !== undefined && (typed.code === '' || typed.name === '')) {
    return askForTypedCode(deps, frame, typed, 'missing');
  }
  const by = { by: visitor(frame), source: frame.ctx.ip };
  const presented = typed
    ? { ...by, code: typed.code, typed: typed.name, address: typed.address || typed.name }
    : { ...by, code: step.code ?? '' };
  try {
    await deps.domain.hostedCodes.verifyAddress(frame.scope, presented);
  } catch (error) {
    const isProven = error instanceof DomainError && error.code === 'address_verified';
    if (!isProven) {
      if (!isRefused(error)) throw error;
      if (typed !== undefined) return askForTypedCode(deps, frame, typed, 'refused');
      return showDeadLink(frame, 'verify_address');
    }
  }
  await renderPage(frame.ctx, 'done', { purpose: 'address_verified', ...appOf(frame) });
}

type Typed = { readonly name: string; readonly address: string; readonly code: string };

function typedIn(form: FormFields): Typed {
  const text = (name: string) => (form.get(name) ?? '').slice(0, MAX_TYPED_LENGTH).trim();
  return { name: text('identifier'), address: text('address'), code: digitsOf(form.get('code') ?? '') };
}

/** For who reads the message on another device, and is signed in nowhere: name and code (contract 5.8). */
function askForTypedCode(
  deps: FlowDeps,
  frame: CodeFrame,
  { name, address }: Pick<Typed, 'name' | 'address'> = { name: '', address: '' },
  error?: 'missing' | 'refused',
): Promise<void> {
  return renderPage(frame.ctx, 'enter_code', {
    ...formFields(deps, frame, {}),
    ...appOf(frame),
    purpose: 'verify_address',
    action: frame.path('verify-address'),
    codeLength: frame.pool.otpSettings.verify_address.length,
    identifier: name,
    address,
    ...(error === undefined ? {} : { error }),
  });
}
