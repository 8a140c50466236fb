import { DomainError } from '../../domain_error.ts';
import { renderPage } from '../../http/render.ts';
import type { FlowDeps } from '../deps.ts';
import { appOf, visitor, type CodeFrame } from '../codes/frame.ts';
import { readLink, showDeadLink } from '../codes/link.ts';
import { isRefused } from '../codes/refusals.ts';
import { formFields, readStepForm } from '../codes/sealed_step.ts';

/** What the link to an address leads to (contract 5.8): a button, because programs open links. */
export async function showVerifyAddress(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const link = await readLink(deps, frame, 'verify_address');
  if (link === 'dead') return;
  if (link === 'none') return showDeadLink(frame, 'verify_address');
  await renderPage(frame.ctx, 'follow_link', {
    ...formFields(deps, frame, { code: link.code }),
    ...appOf(frame),
    purpose: 'verify_address',
    action: frame.path('verify-address'),
  });
}

/** Uses the link up: the address is the person's. One that is proven already is just that. */
export async function submitVerifyAddress(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { step } = await readStepForm(deps, frame);
  const { code = '' } = step;
  try {
    const presented = { code, by: visitor(frame), source: frame.ctx.ip };
    await deps.domain.hostedCodes.verifyAddress(frame.scope, presented);
  } catch (error) {
    const isProven = error instanceof DomainError && error.code === 'address_verified';
    if (!isProven) {
      if (isRefused(error)) return showDeadLink(frame, 'verify_address');
      throw error;
    }
  }
  await renderPage(frame.ctx, 'done', { purpose: 'address_verified', ...appOf(frame) });
}
