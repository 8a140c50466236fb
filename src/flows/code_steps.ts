import {
  beginActivation,
  finishActivation,
  showActivation,
  showActivationCode,
  showActivationResend,
  submitActivationCode,
  submitActivationResend,
} from './activate/index.ts';
import { checkTypedPassword, showNothing } from './codes/check_password.ts';
import type { CodeFrame, CodePage } from './codes/frame.ts';
import { answeringRefusals } from './codes/refusals.ts';
import type { FlowDeps } from './deps.ts';
import {
  showNewPassword,
  showRecover,
  showResetCode,
  submitNewPassword,
  submitRecover,
  submitResetCode,
} from './recover/index.ts';
import {
  showRegister,
  showRegisterCode,
  submitRegister,
  submitRegisterCode,
  submitRegisterResend,
} from './register/index.ts';
import { LOST_FACTOR_STEPS } from './lost_factor/index.ts';
import { showObjection, submitObjection } from './verify_address/objection.ts';
import { showVerifyAddress, submitVerifyAddress } from './verify_address/index.ts';

type Step = (deps: FlowDeps, frame: CodeFrame) => Promise<void>;

/** The journeys with codes, one address for each kind of step: what it shows and what it takes. */
const STEPS: Readonly<Record<CodePage, { show: Step; submit: Step }>> = {
  activate: { show: showActivation, submit: beginActivation },
  'activate-code': { show: showActivationCode, submit: submitActivationCode },
  'activate-account': { show: showActivationCode, submit: finishActivation },
  'activate-resend': { show: showActivationResend, submit: submitActivationResend },
  ...LOST_FACTOR_STEPS,
  'check-password': { show: showNothing, submit: checkTypedPassword },
  register: { show: showRegister, submit: submitRegister },
  'register-code': { show: showRegisterCode, submit: submitRegisterCode },
  'register-resend': { show: showRegisterCode, submit: submitRegisterResend },
  'reset-password': { show: showRecover, submit: submitRecover },
  'reset-password-code': { show: showResetCode, submit: submitResetCode },
  'set-password': { show: showNewPassword, submit: submitNewPassword },
  'object-address': { show: showObjection, submit: submitObjection },
  'verify-address': { show: showVerifyAddress, submit: submitVerifyAddress },
};

/** The steps of somebody who registers while signing in; the account may lack something still. */
export const REGISTRATION_STEPS = [
  'register',
  'register-code',
  'register-resend',
  'activate-account',
  'set-passkey-options',
  'set-passkey-confirm',
  'check-password',
] as const;

/** The steps that a sign-in has as well. */
export const RECOVERY_STEPS = ['reset-password', 'reset-password-code', 'set-password'] as const;

/** Whether there is such a page. */
export const isCodePage = (name: string): name is CodePage => Object.hasOwn(STEPS, name);

/** Shows a step, or takes its form. */
export function runCodeStep(deps: FlowDeps, frame: CodeFrame, page: CodePage): Promise<void> {
  const { show, submit } = STEPS[page];
  return answeringRefusals(frame, () => (frame.ctx.method === 'POST' ? submit : show)(deps, frame));
}
