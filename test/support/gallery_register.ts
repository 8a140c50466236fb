import type { RegisterModel } from '../../src/http/register_pages.ts';
import type { Sample } from './page_gallery.ts';

const app = { name: 'Harbour Books' };
const csrfToken = 'sample-csrf-token';
const field = { required: true, options: [], wholeNumber: false, value: '' };

const fields: RegisterModel['fields'] = [
  {
    ...field,
    name: 'payload.given_name',
    id: 'payload-given_name',
    kind: 'text',
    label: 'Given name',
    value: 'Mara',
  },
  { ...field, name: 'payload.family_name', id: 'payload-family_name', kind: 'text', label: 'Family name' },
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
    name: 'payload.topics',
    id: 'payload-topics',
    kind: 'choices',
    label: 'What you read about',
    options: ['Boats', 'Birds', 'Weather'],
    chosen: ['Birds'],
    required: false,
  },
  { ...field, name: 'payload.names', id: 'payload-names', kind: 'list', label: 'Pen names', required: false },
  { ...field, name: 'payload.news', id: 'payload-news', kind: 'checkbox', label: 'Tell me about new books' },
];

const password = {
  rules: [{ rule: 'min_length', count: 8 }, { rule: 'strength', count: 2 }, { rule: 'blocklist' }],
  failed: [],
} as const;

const model: RegisterModel = {
  action: '/pages/register',
  csrfToken,
  app,
  identifier: '',
  identifierKind: 'any',
  fields: fields.slice(0, 3),
  credentials: ['password'],
  credential: 'password',
  password,
  signInHref: '/pages/sign_in',
};

/** The pages of somebody who makes an account, and of what follows. */
export const registerSamples: Record<string, Sample> = {
  register: { page: 'register', model },
  register_choice: {
    page: 'register',
    model: {
      ...model,
      formTitle: 'Tell us a little about you',
      crumb: { name: 'Customers', color: '#b8520a', changeHref: '/pages/pool_chooser' },
      fields,
      credentials: ['password', 'code'],
      credential: 'password',
      password: { ...password, isOptional: true },
    },
  },
  register_error: {
    page: 'register',
    model: {
      ...model,
      identifier: 'mara.linde',
      identifierError: 'refused',
      fields: fields
        .slice(0, 3)
        .map((one) => (one.value === '' && one.required ? { ...one, error: 'missing' } : one)),
      password: { ...password, failed: ['strength'], error: 'refused' },
    },
  },
  register_code: {
    page: 'enter_code',
    model: {
      csrfToken,
      app,
      purpose: 'registration',
      action: '/pages/register_code',
      codeLength: 6,
      sentTo: 'm•••@tidewater.example',
      resend: { action: '/pages/register_code', waitSeconds: 24 },
      otherHref: '/pages/register',
      signInHref: '/pages/sign_in',
    },
  },
  register_closed: {
    page: 'closed',
    model: { reason: 'registration', app, signInHref: '/pages/sign_in' },
  },
  follow_link_elsewhere: {
    page: 'follow_link',
    model: {
      csrfToken,
      app,
      purpose: 'activation',
      action: '/pages/follow_link_elsewhere',
      registeredElsewhere: true,
    },
  },
  follow_link_objection: {
    page: 'follow_link',
    model: { csrfToken, purpose: 'object_address', action: '/pages/follow_link_objection' },
  },
  done_objected: { page: 'done', model: { purpose: 'address_objected', newPasswordHref: '/pages/recover' } },
};
