import type { CodePurpose } from '../../http/code_pages.ts';
import { renderPage } from '../../http/render.ts';
import type { FlowDeps } from '../deps.ts';
import { appOf, type CodeFrame, type CodePage } from './frame.ts';

const NEW_MESSAGE: Readonly<Partial<Record<CodePurpose, CodePage>>> = {
  activation: 'activate-resend',
  reset_password: 'reset-password',
  reset_totp: 'lost-totp',
  enroll_webauthn: 'lost-passkey',
};

/** The code of a link that was opened. `dead`: it leads nowhere any more, and the page has said so. */
export async function readLink(
  { domain }: FlowDeps,
  frame: CodeFrame,
  purpose: Exclude<CodePurpose, 'object_address'>,
): Promise<{ code: string; selfRegistered: boolean } | 'none' | 'dead'> {
  const { code } = frame.ctx.query;
  if (code === undefined || code === '') return 'none';
  const open =
    typeof code === 'string' ? await domain.hostedCodes.openLink(frame.scope, code, purpose) : undefined;
  if (typeof code === 'string' && open !== undefined) return { code, ...open };
  await showDeadLink(frame, purpose);
  return 'dead';
}

/** Used, replaced or run out: the page tells how to get another. */
export async function showDeadLink(frame: CodeFrame, purpose: CodePurpose): Promise<void> {
  const page = NEW_MESSAGE[purpose];
  const signInHref = purpose === 'activation' ? await frame.findSignIn() : undefined;
  await renderPage(frame.ctx, 'link_expired', {
    purpose,
    ...appOf(frame),
    ...(page === undefined ? {} : { newHref: frame.path(page) }),
    ...(signInHref === undefined ? {} : { signInHref }),
  });
}
