import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { serveAssets } from '../../src/http/assets.ts';
import { errors } from '../../src/http/errors.ts';
import { languageChoice } from '../../src/http/locale.ts';
import { renderPage, setPage, type PageName, type Pages, type PageSetting } from '../../src/http/render.ts';
import { requestId } from '../../src/http/request_id.ts';
import { stylesheetOf } from '../../src/branding/stylesheet.ts';
import { brandAddress, brandingSamples, sampleBrands } from './gallery_branding.ts';
import { lostFactorSamples } from './gallery_lost_factor.ts';
import { accountSamples } from './gallery_account.ts';
import { registerSamples } from './gallery_register.ts';
import { securityHeaders } from '../../src/security/headers.ts';
import { signInSamples } from './gallery_sign_in.ts';

/** A page with a model to show it with. */
export type Sample = { [Name in PageName]: { page: Name; model: Pages[Name] } }[PageName];

const app = { name: 'Harbour Books' };
const backHref = 'https://books.example/';
const csrfToken = 'sample-csrf-token';
const form = { csrfToken, step: 'sample-step', app };
const rules = [
  { rule: 'min_length', count: 8 },
  { rule: 'digits', count: 2 },
  { rule: 'strength', count: 2 },
  { rule: 'not_used_since', count: 3 },
] as const;
const freshPassword = { rules, failed: [] };
const field = { required: true, options: [], wholeNumber: false, value: '' };
const askedFields = [
  {
    ...field,
    name: 'payload.given_name',
    id: 'payload-given_name',
    kind: 'text',
    label: 'Given name',
    autocomplete: 'given-name',
  },
  {
    ...field,
    name: 'payload.shelf',
    id: 'payload-shelf',
    kind: 'choice',
    label: 'Shelf you visit most',
    options: ['Sea', 'Rivers'],
    required: false,
  },
  {
    ...field,
    name: 'payload.books',
    id: 'payload-books',
    kind: 'number',
    label: 'Books a month',
    wholeNumber: true,
    minimum: 1,
    maximum: 40,
  },
  { ...field, name: 'payload.news', id: 'payload-news', kind: 'checkbox', label: 'Tell me about new books' },
] as const;

const letter = { channel: 'email', status: 'sent', text: '', isGone: false } as const;
const letters: Pages['dev_mailbox']['letters'] = [
  {
    ...letter,
    id: '1',
    to: 'mara.linde@tidewater.example',
    subject: 'Choose a new password for Harbour Books',
    at: new Date('2026-03-05T09:41:07Z'),
    code: '482913',
    link: '/pages/sign_in',
    mailHref: '/pages/dev_mailbox',
  },
  {
    ...letter,
    id: '2',
    channel: 'sms',
    to: '+4915112345678',
    subject: 'Your code for Harbour Books: 306725',
    text: 'Harbour Books: your code is 306725\n\n@id.harbour.example #306725',
    at: new Date('2026-03-05T09:40:52Z'),
    code: '306725',
  },
  {
    ...letter,
    id: '3',
    to: 'jonas@harbour.example',
    subject: 'Your password at Harbour Books was changed',
    at: new Date('2026-03-05T09:12:30Z'),
    mailHref: '/pages/dev_mailbox',
  },
  {
    ...letter,
    id: '4',
    to: 'someone.with.a.rather.long.name@a-domain-that-does-not-end.example',
    subject: 'Confirm your address for Harbour Books',
    status: 'failed',
    isGone: true,
    at: new Date('2026-03-05T08:03:11Z'),
  },
];

/** Every page, and the states of it that look different. */
export const samples: Record<string, Sample> = {
  ...brandingSamples,
  ...lostFactorSamples,
  ...accountSamples,
  ...registerSamples,
  ...signInSamples,
  consent: {
    page: 'consent',
    model: {
      action: '/pages/consent',
      csrfToken,
      app: { name: 'Reading Circle' },
      orgName: 'Harbour Books',
      accountName: 'mara.linde@tidewater.example',
      policyHref: backHref,
      termsHref: backHref,
      leadsTo: 'circle.example',
      scopes: [
        { name: 'profile' },
        { name: 'email' },
        { name: 'offline_access', description: 'until you end it on your account page' },
        { name: 'shelves:read', title: 'Read your shelves', description: 'the titles, not your notes' },
      ],
    },
  },
  account_chooser: {
    page: 'account_chooser',
    model: { action: '/pages/account_chooser', csrfToken, app, account: 'Mara Linde' },
  },
  no_access: {
    page: 'no_access',
    model: {
      action: '/pages/no_access',
      csrfToken,
      app: { name: 'Reading Circle' },
      orgName: 'Harbour Books',
      accountName: 'mara.linde@tidewater.example',
      signOutHref: '/pages/logout_confirm',
    },
  },
  logout_confirm: {
    page: 'logout_confirm',
    model: { action: '/pages/logout_confirm', fields: { xsrf: 'sample-xsrf' }, app },
  },
  signed_out: { page: 'signed_out', model: { app, signInHref: '/pages/sign_in', backHref } },
  still_signed_in: { page: 'still_signed_in', model: { app, backHref } },
  error: {
    page: 'error',
    model: {
      code: 'redirect_uri_unknown',
      status: 400,
      correlationId: '7d3c9a52-0f0e-4b36-9f3e-5a1d2c7b8e90',
      message: 'error.redirect_uri_unknown',
    },
  },
  error_server: {
    page: 'error',
    model: {
      code: 'server_error',
      status: 500,
      correlationId: '7d3c9a52-0f0e-4b36-9f3e-5a1d2c7b8e90',
      app,
      backHref,
    },
  },
  expired: { page: 'expired', model: { app, backHref } },
  not_found: { page: 'not_found', model: {} },
  busy: {
    page: 'busy',
    model: {
      app,
      backHref,
      // Longer than a check of the page takes on a slow machine.
      retryAfterSeconds: 45,
      retryAction: { action: '/pages/sign_in', fields: { identifier: 'mara.linde@tidewater.example' } },
    },
  },
  too_many_tries: {
    page: 'too_many_tries',
    model: { app, backHref, retryAt: new Date(Date.now() + 4 * 60_000) },
  },
  recover: {
    page: 'recover',
    model: {
      ...form,
      purpose: 'reset_password',
      action: '/pages/recover',
      identifier: '',
      haveCodeHref: '/pages/enter_code',
      signInHref: '/pages/sign_in',
    },
  },
  recover_activation_error: {
    page: 'recover',
    model: {
      ...form,
      purpose: 'activation',
      action: '/pages/recover',
      identifier: '',
      error: 'missing',
      haveCodeHref: '/pages/enter_code',
    },
  },
  enter_code: {
    page: 'enter_code',
    model: {
      ...form,
      purpose: 'activation',
      action: '/pages/enter_code',
      codeLength: 6,
      identifier: '',
      otherHref: '/pages/recover',
    },
  },
  enter_code_address: {
    page: 'enter_code',
    model: {
      ...form,
      purpose: 'verify_address',
      action: '/pages/enter_code',
      codeLength: 6,
      identifier: 'mara',
      address: 'mara@books.example',
      error: 'refused',
    },
  },
  enter_code_sent: {
    page: 'enter_code',
    model: {
      ...form,
      purpose: 'reset_password',
      action: '/pages/enter_code',
      codeLength: 6,
      sentTo: 'm•••@tidewater.example',
      resend: { action: '/pages/enter_code', waitSeconds: 24 },
      otherHref: '/pages/recover',
    },
  },
  enter_code_error: {
    page: 'enter_code',
    model: {
      ...form,
      purpose: 'reset_password',
      action: '/pages/enter_code',
      codeLength: 6,
      sentTo: 'm•••@tidewater.example',
      error: 'refused',
      resend: { action: '/pages/enter_code', waitSeconds: 0 },
      otherHref: '/pages/recover',
    },
  },
  follow_link: {
    page: 'follow_link',
    model: { ...form, purpose: 'activation', action: '/pages/activate_account' },
  },
  new_password: {
    page: 'new_password',
    model: { ...form, purpose: 'reset', action: '/pages/new_password', password: freshPassword },
  },
  new_password_error: {
    page: 'new_password',
    model: {
      ...form,
      purpose: 'must_change',
      action: '/pages/new_password',
      signInName: 'mara.linde@tidewater.example',
      password: { rules, failed: ['strength', 'blocklist'], error: 'refused' },
    },
  },
  activate_account: {
    page: 'activate_account',
    model: {
      ...form,
      action: '/pages/activate_account',
      signInName: 'mara.linde@tidewater.example',
      formTitle: 'About you',
      fields: askedFields,
      password: freshPassword,
    },
  },
  activate_account_choice: {
    page: 'activate_account',
    model: {
      ...form,
      action: '/pages/activate_account',
      signInName: 'mara.linde@tidewater.example',
      fields: [],
      choice: { credentials: ['password', 'code', 'passkey'], credential: 'password' },
      password: { ...freshPassword, isOptional: true },
    },
  },
  activate_account_error: {
    page: 'activate_account',
    model: {
      ...form,
      action: '/pages/activate_account',
      signInName: 'mara.linde@tidewater.example',
      formTitle: 'About you',
      fields: askedFields.map((asked) => ({
        ...asked,
        error: asked.required ? ('missing' as const) : ('refused' as const),
      })),
      password: { ...freshPassword, error: 'differs' },
    },
  },
  done_activated: { page: 'done', model: { purpose: 'activated', app, signInHref: backHref } },
  link_expired: {
    page: 'link_expired',
    model: { purpose: 'activation', newHref: '/pages/recover', signInHref: backHref },
  },
  closed: { page: 'closed', model: { reason: 'self_reset', app, signInHref: '/pages/sign_in' } },
  dev_mailbox: { page: 'dev_mailbox', model: { letters } },
  dev_mailbox_empty: { page: 'dev_mailbox', model: { letters: [] } },
};

/** What the workspace adds to each sample. */
export const sampleSetting: PageSetting = {
  workspaceName: 'Harbour',
  accountHref: '/pages/account',
  brand: {
    scheme: 'auto',
    texts: {},
    links: (['help', 'privacy', 'terms'] as const).map((kind) => ({ kind, href: '/pages/sign_in' })),
  },
};

export interface Gallery {
  /** `http://localhost:port`; a sample is at `/pages/{its name}`. */
  origin: string;
  close(): Promise<void>;
}

/** Serves pages as the server does: the same middleware, sample models. */
export async function startGallery(
  shown: Record<string, Sample> = samples,
  setting: PageSetting = sampleSetting,
): Promise<Gallery> {
  const koa = new Koa();
  koa.use(requestId());
  koa.use(securityHeaders({ publicUrl: 'http://localhost' }));
  koa.use(errors({ logger: { error: (fields) => koa.emit('error', fields) } }));
  koa.use(serveAssets());
  koa.use(languageChoice());
  koa.use(async (ctx) => {
    const [, kind, name = ''] = ctx.path.split('/');
    const chosen = sampleBrands[name];
    if (kind === 'brands' && chosen) {
      ctx.type = 'text/css';
      ctx.body = stylesheetOf(chosen)?.css;
      return;
    }
    const sample = kind === 'pages' ? shown[name] : undefined;
    if (!sample) return;
    setPage(ctx, setting);
    if (setting.brand && chosen) {
      const { scheme = 'auto', texts = {} } = chosen;
      setPage(ctx, { brand: { ...setting.brand, scheme, texts, css: brandAddress(name) } });
    }
    await renderPage(ctx, sample.page, sample.model);
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = koa.listen(0, () => resolve(listening));
  });
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
