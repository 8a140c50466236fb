import type { Brand } from '../../src/branding/brand.ts';
import { stylesheetOf } from '../../src/branding/stylesheet.ts';
import type { Sample } from './page_gallery.ts';

const app = { name: 'Lantern Post' };
const csrfToken = 'sample-csrf-token';
const signIn = { action: '/pages/sign_in', csrfToken, app, method: 'password', identifier: '' } as const;

// A made-up mark: a lantern.
const logo = `data:image/svg+xml;base64,${Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="9" fill="#f5b800"/><path d="M14 11h12l3 6v11a3 3 0 0 1-3 3H14a3 3 0 0 1-3-3V17z" fill="#3b2a00"/><path d="M20 18c3 3 3 7 0 9-3-2-3-6 0-9z" fill="#fff3c4"/></svg>',
).toString('base64')}`;

/** Looks that people may choose, to be seen and checked like every other page. */
export const sampleBrands: Readonly<Record<string, Brand>> = {
  branded_sign_in: {
    colors: { primary: '#f5b800', background: '#fff3c4' },
    corners: 'round',
    logoHeight: 40,
    texts: { en: { headline: 'Good evening', intro: 'Letters are delivered until ten.' } },
  },
  branded_consent: { colors: { primary: '#7a1f4b' }, typeface: 'serif', motif: 'quiet', scheme: 'light' },
  branded_error: { colors: { primary: '#39ff14' }, corners: 'square', motif: 'off', scheme: 'dark' },
};

/** Where the gallery serves the style sheet of a sample's brand. */
export const brandAddress = (name: string): string | undefined =>
  stylesheetOf(sampleBrands[name] ?? {}) && `/brands/${name}`;

export const brandingSamples: Record<string, Sample> = {
  branded_sign_in: {
    page: 'sign_in',
    model: { ...signIn, app: { ...app, logoUri: logo }, forgotHref: '/pages/recover' },
  },
  branded_consent: {
    page: 'consent',
    model: {
      action: '/pages/consent',
      csrfToken,
      app: { name: 'Reading Circle' },
      orgName: 'Lantern Post',
      accountName: 'mara.linde@tidewater.example',
      scopes: [{ name: 'profile' }, { name: 'email' }],
    },
  },
  branded_error: {
    page: 'sign_in',
    model: { ...signIn, app: { ...app, logoUri: logo }, identifier: 'mara', error: 'failed' },
  },
};
