import type { PageModel } from './pages.ts';
import type { QrCode } from './qr.ts';

/** Fields of the forms below: `csrf` and `step`, what came before, sealed. */
interface StepModel extends PageModel {
  action: string;
  csrfToken: string;
  step?: string;
}

/** What is asked for besides a code, before a factor is replaced. Form fields: `password`, `code`. */
export interface FactorProofModel extends StepModel {
  asksPassword: boolean;
  asksTotp: boolean;
  hasFailed: boolean;
}

/** Form fields: `code`; those of a passkey are filled in by a script. */
export interface SetFactorModel extends StepModel {
  factor: 'totp' | 'passkey';
  totp?: { secret: string; qr: QrCode };
  optionsHref?: string;
  error?: 'refused' | 'missing' | 'passkey';
}

/** The pages of somebody who has lost an app or a passkey. */
export interface FactorPages {
  factor_proof: FactorProofModel;
  set_factor: SetFactorModel;
}
