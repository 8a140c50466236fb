import { renderPage } from '../../http/render.ts';
import { appOf, visitor, type CodeFrame } from '../codes/frame.ts';
import { showDeadLink } from '../codes/link.ts';
import { isRefused } from '../codes/refusals.ts';
import { formFields, readStepForm } from '../codes/sealed_step.ts';
import type { FlowDeps } from '../deps.ts';

/** What the old address is sent when an address is changed: a button that stops it or takes it back. */
export async function showObjection(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { code } = frame.ctx.query;
  const isOpen = typeof code === 'string' && (await deps.domain.addressChanges.isOpen(frame.scope, code));
  if (!isOpen) return showDeadLink(frame, 'object_address');
  await renderPage(frame.ctx, 'follow_link', {
    ...formFields(deps, frame, { code }),
    ...appOf(frame),
    purpose: 'object_address',
    action: frame.path('object-address'),
  });
}

/** Stops the change; the way on is a new password, because somebody else was in the account. */
export async function submitObjection(deps: FlowDeps, frame: CodeFrame): Promise<void> {
  const { step } = await readStepForm(deps, frame);
  try {
    await deps.domain.addressChanges.object(frame.scope, step.code ?? '', visitor(frame));
  } catch (error) {
    if (isRefused(error)) return showDeadLink(frame, 'object_address');
    throw error;
  }
  const { doNotAllowUsersToSelfResetCredentials: isClosed } = frame.pool.resetCredentialsSettings;
  await renderPage(frame.ctx, 'done', {
    purpose: 'address_objected',
    ...appOf(frame),
    ...(isClosed ? {} : { newPasswordHref: frame.path('reset-password') }),
  });
}
