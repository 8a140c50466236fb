import { otpauthAddress, qrCode } from '../../src/http/qr.ts';
import type { Sample } from './page_gallery.ts';

const app = { name: 'Harbour Books' };
const csrfToken = 'sample-csrf-token';
const step = { csrfToken, step: 'sample-step', app };
const href = '/pages/sign_in';
const passkey = { isFirst: false, action: href, optionsHref: href };

const signIn = {
  action: href,
  csrfToken,
  app,
  method: 'password',
  identifier: '',
  forgotHref: '/pages/recover',
} as const;

const inPool = {
  ...signIn,
  poolName: 'Customers',
  changePoolHref: '/pages/pool_chooser',
  basinColor: '#b8520a',
} as const;

const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const account = 'mara.linde@tidewater.example';
const totp = { secret, qr: qrCode(otpauthAddress({ issuer: 'Harbour', account, secret })) };

/** The pages of a sign-in, and their states. */
export const signInSamples: Record<string, Sample> = {
  sign_in: { page: 'sign_in', model: signIn },
  sign_in_error: { page: 'sign_in', model: { ...signIn, identifier: account, error: 'failed' } },
  sign_in_pool: { page: 'sign_in', model: inPool },
  sign_in_pool_error: { page: 'sign_in', model: { ...inPool, identifier: account, error: 'failed' } },
  sign_in_ways: {
    page: 'sign_in',
    model: {
      ...signIn,
      passkey,
      remember: false,
      registerHref: href,
      ways: [
        { method: 'email_otp', href },
        { method: 'totp', href },
      ],
    },
  },
  sign_in_back: {
    page: 'sign_in',
    model: { ...inPool, isWelcomeBack: true, remember: true, identifier: account, method: 'email_otp' },
  },
  sign_in_passkey: {
    page: 'sign_in',
    model: {
      ...signIn,
      method: 'email_otp',
      passkey: { ...passkey, isFirst: true },
      remember: false,
      ways: [{ method: 'password', href }],
    },
  },
  sign_in_passkey_only_error: {
    page: 'sign_in',
    model: {
      action: href,
      csrfToken,
      app,
      identifier: '',
      passkey: { ...passkey, isFirst: true },
      error: 'passkey',
    },
  },
  pool_chooser: {
    page: 'pool_chooser',
    model: {
      action: '/pages/pool_chooser',
      csrfToken,
      app,
      choices: [
        { id: 'customers', name: 'Customers', description: 'People who buy from us', color: '#b8520a' },
        { id: 'staff', name: 'Staff', description: 'Everyone employed at Harbour' },
        { id: 'partners', name: 'Partner shops', description: 'Shops that sell our books', color: '#5c7a1e' },
        { id: 'guests', name: 'Guests', color: '#ffe08a' },
      ],
    },
  },
  discover: { page: 'discover', model: { action: '/pages/discover', csrfToken, app, identifier: '' } },
  sign_in_code: {
    page: 'sign_in_code',
    model: {
      ...step,
      method: 'email_otp',
      action: '/pages/sign_in_code',
      codeLength: 6,
      sentTo: 'm•••@tidewater.example',
      resend: { action: '/pages/sign_in_code', sent: false, waitSeconds: 24 },
      otherHref: href,
      ways: [{ method: 'password', href }],
    },
  },
  sign_in_code_error: {
    page: 'sign_in_code',
    model: {
      ...step,
      method: 'totp',
      action: '/pages/sign_in_code',
      codeLength: 6,
      sentTo: 'm•••@tidewater.example',
      error: 'refused',
      otherHref: href,
      ways: [],
    },
  },
  second_factor: {
    page: 'second_factor',
    model: {
      ...step,
      method: 'totp',
      action: '/pages/second_factor',
      codeLength: 6,
      rememberedSeconds: 12 * 3600,
      ways: ['sms_otp', 'webauthn', 'recovery_code'],
      lostHref: href,
      startHref: href,
    },
  },
  second_factor_sent: {
    page: 'second_factor',
    model: {
      ...step,
      method: 'sms_otp',
      action: '/pages/second_factor',
      codeLength: 6,
      sentTo: '•••• 78',
      resend: { sent: true, waitSeconds: 24 },
      ways: ['recovery_code'],
      startHref: href,
    },
  },
  second_factor_passkey: {
    page: 'second_factor',
    model: {
      ...step,
      method: 'webauthn',
      action: '/pages/second_factor',
      passkeyOptionsHref: href,
      ways: ['totp'],
      startHref: href,
    },
  },
  second_factor_recovery_error: {
    page: 'second_factor',
    model: {
      ...step,
      method: 'recovery_code',
      action: '/pages/second_factor',
      error: 'refused',
      ways: ['totp'],
      startHref: href,
    },
  },
  second_factor_password: {
    page: 'second_factor',
    model: { ...step, method: 'password', action: '/pages/second_factor', ways: [], startHref: href },
  },
  enrol_factor: {
    page: 'enrol_factor',
    model: {
      ...step,
      method: 'totp',
      action: '/pages/enrol_factor',
      totp,
      ways: ['webauthn'],
      startHref: href,
    },
  },
  enrol_factor_passkey: {
    page: 'enrol_factor',
    model: {
      ...step,
      method: 'webauthn',
      action: '/pages/enrol_factor',
      passkeyOptionsHref: href,
      error: 'passkey',
      ways: ['totp'],
      startHref: href,
    },
  },
  passkey_offer: {
    page: 'passkey_offer',
    model: { ...step, action: '/pages/passkey_offer', optionsHref: href },
  },
  passkey_offer_error: {
    page: 'passkey_offer',
    model: { ...step, action: '/pages/passkey_offer', optionsHref: href, error: 'passkey' },
  },
  recovery_codes: {
    page: 'recovery_codes',
    model: {
      ...step,
      action: '/pages/recovery_codes',
      codes: Array.from({ length: 10 }, (_, index) => `7k2m-9x0q-c4wd-a1z${index}`),
    },
  },
  method_off: { page: 'method_off', model: { app, startHref: href } },
};
