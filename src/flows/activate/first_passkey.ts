import { visitor, type CodeFrame } from '../codes/frame.ts';
import type { FlowDeps } from '../deps.ts';
import { PASSKEY } from '../lost_factor/lost.ts';
import { askForFactor } from '../lost_factor/new_factor.ts';

/** Whether somebody whose account has just become active has nothing to sign in with but a passkey to make now. */
export const needsPasskey = (
  { mechanisms }: CodeFrame,
  { wantsPasskey = false }: { readonly wantsPasskey?: boolean | undefined },
): boolean => {
  const others = ['password', 'email_otp', 'sms_otp'] as const;
  const isOnlyWay = !others.some((one) => mechanisms.includes(one));
  return mechanisms.includes('webauthn') && (wantsPasskey || isOnlyWay);
};

/** Asks for it on the spot: by a code of ours that never leaves the page, for the person who was just proven. */
export async function askForFirstPasskey(
  deps: FlowDeps,
  frame: CodeFrame,
  { userId, signInName }: { readonly userId: string; readonly signInName: string },
): Promise<void> {
  const { extendedCode } = await deps.domain.codeGeneration.generate(frame.scope, {
    type: 'enroll_webauthn',
    key: { userId },
    mayActFor: async () => true,
    by: visitor(frame),
  });
  const step = { code: extendedCode, confirmed: { userId, at: Date.now() } };
  await askForFactor(deps, frame, PASSKEY, step, { signInName });
}
