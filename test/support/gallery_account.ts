import { otpauthAddress, qrCode } from '../../src/http/qr.ts';
import type { Sample } from './page_gallery.ts';

const base = { homeHref: '/pages/account', csrfToken: 'sample-csrf-token' };
const href = '/pages/account';
const mail = 'mara.linde@tidewater.example';
const mobile = '+4915100004821';
const spring = new Date('2026-03-12T09:30:00Z');
const summer = new Date('2026-07-01T18:05:00Z');
const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const qr = qrCode(otpauthAddress({ issuer: 'Harbour', account: mail, secret }));
const rules = [
  { rule: 'min_length', count: 8 },
  { rule: 'strength', count: 2 },
  { rule: 'blocklist' },
] as const;
const field = { required: true, options: [], wholeNumber: false } as const;
const addresses = [
  { address: mail, type: 'email', isConfirmed: true },
  { address: mobile, type: 'mobile', isConfirmed: false },
] as const;
const fields = [
  { ...field, name: 'payload.name', id: 'payload-name', kind: 'text', label: 'Name', value: 'Mara Linde' },
  {
    ...field,
    name: 'payload.books',
    id: 'payload-books',
    kind: 'number',
    label: 'Books a month',
    value: 'many',
  },
] as const;
const codes = Array.from({ length: 10 }, (_, index) => `k7fd-9qxm-2h${index}w`);
const device = { browser: 'Firefox', system: 'Linux' };
const phone = { browser: 'Safari', system: 'iPhone' };
const totp = { ...base, step: 'sample-step', secret, qr };
const pending = { address: 'mara@harbour.example', replaces: mail, expiresAt: summer };
const keys = [
  { id: 'a2V5', name: 'Linde’s phone', createdAt: spring },
  { id: 'a2V6', name: '', createdAt: summer },
];
const passkeys = { ...base, optionsHref: href, addHref: href };
const remove = { ...base, isAllowed: true, applications: 3 };

/** The pages of one's own account, and their states. */
export const accountSamples: Record<string, Sample> = {
  account: {
    page: 'account',
    model: {
      ...base,
      notice: 'address_confirmed',
      personName: 'Mara Linde',
      groupName: 'Customers',
      signOutHref: href,
      profile: [
        { label: 'Name', value: 'Mara Linde' },
        { label: 'News', value: true },
      ],
      addresses,
      password: { isSet: true, changedAt: spring },
      totp: { isSet: true },
      passkeys: { names: ['Linde’s phone', 'Work laptop'] },
      recoveryCodes: { left: 2 },
      devices: 1,
      sessions: 3,
      applications: ['Harbour Books', 'Tide tables'],
      mayDelete: true,
    },
  },
  account_offer: {
    page: 'account',
    model: {
      ...base,
      groupName: 'Customers',
      signOutHref: href,
      profile: [],
      addresses: [],
      password: { isSet: false },
      passkeys: { names: [] },
      sessions: 1,
      applications: [],
      mayDelete: false,
      passkeyLaterHref: href,
    },
  },
  account_profile: { page: 'account_profile', model: { ...base, fields } },
  account_addresses: {
    page: 'account_addresses',
    model: { ...base, notice: 'address_sent', addresses, pending, typed: '' },
  },
  account_addresses_error: {
    page: 'account_addresses',
    model: { ...base, addresses, typed: 'nowhere', replaces: mail, error: 'refused' },
  },
  account_password: {
    page: 'account_password',
    model: { ...base, hasPassword: true, signInName: mail, password: { rules, failed: [] } },
  },
  account_totp: { page: 'account_totp', model: { ...totp, isSet: false } },
  account_totp_error: { page: 'account_totp', model: { ...totp, isSet: true, error: 'current' } },
  account_passkeys: {
    page: 'account_passkeys',
    model: { ...passkeys, notice: 'passkey_added', passkeys: keys },
  },
  account_passkeys_error: {
    page: 'account_passkeys',
    model: { ...passkeys, passkeys: keys.slice(0, 1), error: 'last' },
  },
  account_recovery_codes: { page: 'account_recovery_codes', model: { ...base, left: 2 } },
  account_recovery_codes_shown: { page: 'account_recovery_codes', model: { ...base, left: 10, codes } },
  account_devices: {
    page: 'account_devices',
    model: { ...base, devices: [{ id: 'one', device, ip: '192.0.2.7', createdAt: spring }] },
  },
  account_sessions: {
    page: 'account_sessions',
    model: {
      ...base,
      sessions: [
        {
          id: 'books/one',
          isThisOne: true,
          place: 'Harbour',
          device: phone,
          ip: '192.0.2.7',
          createdAt: spring,
          lastSeenAt: summer,
        },
        {
          id: 'books/two',
          isThisOne: false,
          place: 'Harbour staff',
          device: {},
          ip: null,
          createdAt: spring,
          lastSeenAt: spring,
        },
      ],
    },
  },
  account_applications: {
    page: 'account_applications',
    model: {
      ...base,
      applications: [{ id: 'books/app', name: 'Harbour Books', place: 'Harbour', since: spring }],
    },
  },
  account_language: {
    page: 'account_language',
    model: {
      ...base,
      holdsForMessages: true,
      languages: [
        { locale: 'en', name: 'English', isChosen: true },
        { locale: 'de', name: 'Deutsch', isChosen: false },
      ],
    },
  },
  account_data: { page: 'account_data', model: { ...base, downloadHref: href } },
  account_delete: { page: 'account_delete', model: remove },
  account_delete_error: { page: 'account_delete', model: { ...remove, error: 'agreement' } },
  account_deleted: { page: 'account_deleted', model: { backHref: 'https://books.example/' } },
};
