import { otpauthAddress, qrCode } from '../../src/http/qr.ts';
import type { Sample } from './page_gallery.ts';

const form = { csrfToken: 'sample-csrf-token', step: 'sample-step', app: { name: 'Harbour Books' } };
const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const address = otpauthAddress({ issuer: 'Harbour', account: 'mara.linde@tidewater.example', secret });

/** The pages of somebody who has lost an app or a passkey. */
export const lostFactorSamples: Record<string, Sample> = {
  lost_totp: {
    page: 'recover',
    model: {
      ...form,
      purpose: 'reset_totp',
      action: '/pages/lost_totp',
      identifier: '',
      haveCodeHref: '/pages/enter_code',
    },
  },
  factor_proof: {
    page: 'factor_proof',
    model: {
      ...form,
      action: '/pages/factor_proof',
      asksPassword: true,
      asksTotp: true,
      hasFailed: true,
    },
  },
  set_totp: {
    page: 'set_factor',
    model: {
      ...form,
      action: '/pages/set_totp',
      factor: 'totp',
      totp: { secret, qr: qrCode(address) },
      error: 'refused',
    },
  },
  set_passkey: {
    page: 'set_factor',
    model: {
      ...form,
      action: '/pages/set_passkey',
      factor: 'passkey',
      optionsHref: '/pages/set_passkey',
    },
  },
  factor_closed: { page: 'closed', model: { reason: 'factor' } },
};
