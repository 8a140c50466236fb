import type { CodeFrame, CodePage } from '../codes/frame.ts';
import { answeringLost, type Lost, PASSKEY, TOTP } from './lost.ts';
import { showLost, showLostCode, submitLost, submitLostCode } from './message.ts';
import { givePasskeyOptions, submitPasskey, submitTotp } from './new_factor.ts';
import { showFactorLink, submitFactorLink, submitFactorProof } from './proof.ts';
import type { FlowDeps } from '../deps.ts';

type Step = (deps: FlowDeps, frame: CodeFrame) => Promise<void>;
type Steps<Page extends CodePage> = Readonly<Record<Page, { show: Step; submit: Step }>>;

const of =
  (lost: Lost, step: (deps: FlowDeps, frame: CodeFrame, lost: Lost) => Promise<void>): Step =>
  (deps, frame) =>
    answeringLost(frame, lost, () => step(deps, frame, lost));

/** A lost authenticator app or passkey (contract 5.9, 5.10): message, proof, and the new one in its place. */
export const LOST_FACTOR_STEPS: Steps<
  | 'lost-totp'
  | 'lost-totp-code'
  | 'set-totp'
  | 'set-totp-proof'
  | 'set-totp-confirm'
  | 'lost-passkey'
  | 'lost-passkey-code'
  | 'set-passkey'
  | 'set-passkey-proof'
  | 'set-passkey-options'
  | 'set-passkey-confirm'
> = {
  'lost-totp': { show: of(TOTP, showLost), submit: of(TOTP, submitLost) },
  'lost-totp-code': { show: of(TOTP, showLostCode), submit: of(TOTP, submitLostCode) },
  'set-totp': { show: of(TOTP, showFactorLink), submit: of(TOTP, submitFactorLink) },
  'set-totp-proof': { show: of(TOTP, showLostCode), submit: of(TOTP, submitFactorProof) },
  'set-totp-confirm': { show: of(TOTP, showLostCode), submit: of(TOTP, submitTotp) },
  'lost-passkey': { show: of(PASSKEY, showLost), submit: of(PASSKEY, submitLost) },
  'lost-passkey-code': { show: of(PASSKEY, showLostCode), submit: of(PASSKEY, submitLostCode) },
  'set-passkey': { show: of(PASSKEY, showFactorLink), submit: of(PASSKEY, submitFactorLink) },
  'set-passkey-proof': { show: of(PASSKEY, showLostCode), submit: of(PASSKEY, submitFactorProof) },
  'set-passkey-options': { show: of(PASSKEY, showLostCode), submit: of(PASSKEY, givePasskeyOptions) },
  'set-passkey-confirm': { show: of(PASSKEY, showLostCode), submit: of(PASSKEY, submitPasskey) },
};
