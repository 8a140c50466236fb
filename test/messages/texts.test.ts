import { expect, it } from 'vitest';
import english from '../../src/i18n/en.json' with { type: 'json' };
import { locales, type Locale } from '../../src/i18n/locales.ts';
import { messageNameOf, OWN_MESSAGES, variablesOf } from '../../src/messages/catalogue.ts';
import type { ContentInput } from '../../src/messages/content.ts';
import { TEMPLATES } from '../../src/messages/message.ts';
import { renderMail, renderSms } from '../../src/messages/render_message.ts';
import { templateIssues } from '../../src/messages/templates/message_template.ts';
import { builtInWords } from '../../src/messages/templates/preview.ts';
import { fillIn } from '../../src/messages/variables.ts';

const CODE = '482913';
const LINK = 'https://id.example.test/x?code=abc&server_id=shop';
const PURPOSES = [null, 'verify_address', 'reset_totp', 'enroll_webauthn', 'transport_test'];

const input = (over: Partial<ContentInput>): ContentInput => ({
  template: 'otp',
  purpose: null,
  locale: 'en',
  product: 'Harbour Books',
  values: { code: CODE, link: LINK, address: 'm•••@example.test' },
  secondsLeft: 1_800,
  ...over,
});

const all = (locale: Locale) =>
  TEMPLATES.flatMap((template) => PURPOSES.map((purpose) => input({ template, purpose, locale })));

it.each(locales)('every message is whole in %s', (locale) => {
  for (const one of all(locale)) {
    const { subject, text, html } = renderMail(one);
    const short = renderSms(one, 'id.example.test');
    for (const said of [subject, text, html.replace(/<style>[^]*<\/style>/, ''), short]) {
      expect(said, one.template).not.toMatch(/[{}]|undefined|message\.\w/);
    }
    expect(subject.length).toBeGreaterThan(10);
    expect(subject.length).toBeLessThan(120);
    expect(text).toContain(CODE);
    expect(text).toContain(LINK);
    expect(html).toContain(CODE);
    expect(html).toContain('href="https://id.example.test/x?code=abc&amp;server_id=shop"');
    expect(html).toContain(`lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}"`);
    expect(short.split('\n').at(-1)).toBe(`@id.example.test #${CODE}`);
  }
});

it('no sentence of a message is left unsaid', () => {
  // Names in the place of sentences: what no message says does not turn up.
  const said = all('en')
    .flatMap((one) => [renderMail(one).text, renderMail(one).subject, renderSms(one, 'h')])
    .join('\n');
  const values = {
    product: 'Harbour Books',
    code: CODE,
    address: 'm•••@example.test',
    duration: '30 minutes',
  };
  const unsaid = Object.entries(english).filter(
    ([key, sentence]) =>
      key.startsWith('message.') &&
      key !== 'message.link_fallback' && // HTML only
      !said.includes(sentence.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof values) => values[name])),
  );
  expect(unsaid).toEqual([]);
});

it('a message without a code has no line to fill in, and one without a link no button', () => {
  const notice = input({ template: 'password_changed', values: {}, secondsLeft: null });
  expect(renderSms(notice, 'id.example.test')).not.toContain('@id.example.test');
  expect(renderMail(notice).html).not.toMatch(/<a |class="well"/);
});

it('a text of a tenant’s own is filled in without logic', () => {
  const variables = { 'OTP.Code': '<b>1</b>', 'OTP.Link': 'https://x.test/?a=1&b=2' } as const;
  const own = 'Hi {{ OTP.Code }} {{OTP.Link}} {{constructor}} {{OTP}} {{#if x}}';
  expect(fillIn(own, variables)).toBe('Hi <b>1</b> https://x.test/?a=1&b=2   {{#if x}}');
  expect(fillIn('{{OTP.Code}}', { 'OTP.Code': '{{OTP.Link}}' })).toBe('{{OTP.Link}}');
  const mail = renderMail(input({}), { subject: 'One\r\nBcc: a@b.test', text: 'Code {{OTP.Code}}' });
  expect(mail.subject).toBe('One Bcc: a@b.test');
  expect(mail.text).toMatch(/^Code 482913\n\n-- \n/);
});

it.each(locales)('our words in %s are there to begin with, and say the same again', (locale) => {
  for (const { template, purpose } of all(locale)) {
    const message = messageNameOf(template, purpose);
    if (!OWN_MESSAGES.includes(message)) continue;
    const carries = variablesOf(message);
    const one = input({
      template,
      purpose,
      locale,
      values: {
        ...(carries.includes('OTP.Code') && { code: CODE }),
        ...(carries.includes('OTP.Link') && { link: LINK }),
        ...(carries.includes('Address') && { address: 'm•••@example.test' }),
      },
      secondsLeft: carries.includes('OTP.Validity') ? 1_800 : null,
    });
    const mail = builtInWords({ message, locale, channel: 'email' });
    const { subject, text } = renderMail(one);
    expect(renderMail(one, mail)).toMatchObject({ subject, text });
    const short = builtInWords({ message, locale, channel: 'sms' });
    expect(renderSms(one, 'id.example.test', short)).toBe(renderSms(one, 'id.example.test'));
    const key = { message, locale };
    expect(templateIssues({ ...key, channel: 'email' }, mail)).toEqual([]);
    expect(templateIssues({ ...key, channel: 'sms' }, short)).toEqual([]);
  }
});
