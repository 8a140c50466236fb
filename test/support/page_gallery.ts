import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { serveAssets } from '../../src/http/assets.ts';
import { errors } from '../../src/http/errors.ts';
import { languageChoice } from '../../src/http/locale.ts';
import { renderPage, setPage, type PageName, type Pages, type PageSetting } from '../../src/http/render.ts';
import { requestId } from '../../src/http/request_id.ts';
import { securityHeaders } from '../../src/security/headers.ts';

/** A page with a model to show it with. */
export type Sample = { [Name in PageName]: { page: Name; model: Pages[Name] } }[PageName];

const app = { name: 'Harbour Books' };
const backHref = 'https://books.example/';
const csrfToken = 'sample-csrf-token';
const signIn = { action: '/pages/sign_in', csrfToken, app, identifier: '' };

/** Every page, and the states of it that look different. */
export const samples: Record<string, Sample> = {
  sign_in: { page: 'sign_in', model: signIn },
  sign_in_error: {
    page: 'sign_in',
    model: { ...signIn, identifier: 'mara.linde@tidewater.example', error: 'failed' },
  },
  sign_in_pool: {
    page: 'sign_in',
    model: { ...signIn, poolName: 'Customers', changePoolHref: '/pages/pool_chooser', basinColor: '#b8520a' },
  },
  sign_in_pool_error: {
    page: 'sign_in',
    model: {
      ...signIn,
      identifier: 'mara.linde@tidewater.example',
      error: 'failed',
      poolName: 'Customers',
      changePoolHref: '/pages/pool_chooser',
      basinColor: '#b8520a',
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
  consent: {
    page: 'consent',
    model: {
      action: '/pages/consent',
      csrfToken,
      app: { name: 'Reading Circle' },
      orgName: 'Harbour Books',
      accountName: 'mara.linde@tidewater.example',
      scopes: [
        { name: 'profile' },
        { name: 'email' },
        { name: 'offline_access', description: 'until you end it on your account page' },
        { name: 'shelves:read', title: 'Read your shelves', description: 'the titles, not your notes' },
      ],
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
      retryAfterSeconds: 8,
      retryAction: { action: '/pages/sign_in', fields: { identifier: 'mara.linde@tidewater.example' } },
    },
  },
  too_many_tries: {
    page: 'too_many_tries',
    model: { app, backHref, retryAt: new Date(Date.now() + 4 * 60_000) },
  },
};

/** What the workspace adds to each sample. */
export const sampleSetting: PageSetting = {
  workspaceName: 'Harbour',
  footerLinks: [
    { label: 'Help', href: '/pages/sign_in' },
    { label: 'Privacy', href: '/pages/sign_in' },
    { label: 'Terms', href: '/pages/sign_in' },
  ],
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
    const sample = shown[ctx.path.replace(/^\/pages\//, '')];
    if (!sample) return;
    setPage(ctx, setting);
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
