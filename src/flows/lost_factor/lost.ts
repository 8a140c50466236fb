import { renderPage } from '../../http/render.ts';
import type { AccountToRecover } from '../../users/journeys/hosted_factor_service.ts';
import type { PresentedCode } from '../../users/codes/hosted_code_service.ts';
import { appOf, visitor, type CodeFrame, type CodePage } from '../codes/frame.ts';
import { showDeadLink } from '../codes/link.ts';
import { isRefused } from '../codes/refusals.ts';
import type { Step } from '../codes/sealed_step.ts';

/** What was lost, and where its pages are. */
export type Lost = {
  readonly type: 'reset_totp' | 'enroll_webauthn';
  readonly pages: { readonly link: CodePage; readonly proof: CodePage; readonly confirm: CodePage };
};

export const TOTP: Lost = {
  type: 'reset_totp',
  pages: { link: 'set-totp', proof: 'set-totp-proof', confirm: 'set-totp-confirm' },
};

export const PASSKEY: Lost = {
  type: 'enroll_webauthn',
  pages: { link: 'set-passkey', proof: 'set-passkey-proof', confirm: 'set-passkey-confirm' },
};

// Whoever takes longer opens the message again.
const GOOD_FOR_MS = 15 * 60_000;

/** The code in the form of what presents it. */
export const presented = (frame: CodeFrame, { code = '', typed }: Step): PresentedCode => ({
  code,
  typed,
  by: visitor(frame),
  source: frame.ctx.ip,
});

/** Whether what was asked for besides the code has been proven, in this journey and for this account (rule 29). */
export const isConfirmed = ({ confirmed }: Step, account: AccountToRecover): boolean =>
  confirmed?.userId === account.userId && confirmed.at + GOOD_FOR_MS > Date.now();

/** Runs a step; a code that leads nowhere any more is said so. */
export async function answeringLost(
  frame: CodeFrame,
  { type }: Lost,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!isRefused(error)) throw error;
    await showDeadLink(frame, type);
  }
}

/** Only administrators give this person a new factor. */
export async function showOnlyAdministrators(frame: CodeFrame): Promise<void> {
  const signInHref = await frame.findSignIn(frame.clientId);
  const after = signInHref === undefined ? {} : { signInHref };
  await renderPage(frame.ctx, 'closed', { reason: 'factor', ...appOf(frame), ...after });
}
