import { expect, test } from 'vitest';
import { claimRows, decodeJwt, distanceText, shortened, timeText } from '../../src/demo/claims.ts';
import { html } from '../../src/demo/html.ts';

const now = Date.UTC(2026, 10, 22, 16, 36, 5) / 1000;

test('times are told in words, beside the number', () => {
  const [row] = claimRows({ exp: now + 3600 }, now);
  expect(row).toMatchObject({
    name: 'exp',
    value: String(now + 3600),
    time: '22 November 2026 at 17:36:05 UTC, in 1 hour',
  });
  expect(timeText(Number.MAX_SAFE_INTEGER, now)).toBe('no time');
});

test.each([
  [0, 'now'],
  [-59, '59 seconds ago'],
  [3599, 'in 59 minutes'],
  [-86_400, 'yesterday'],
])('%i seconds are %s', (seconds, text) => {
  expect(distanceText(seconds)).toBe(text);
});

test('every kind of value is readable, and the person comes first', () => {
  const rows = claimRows(
    { amr: ['pwd', 'otp'], groups: [], deep: { a: 1 }, ok: true, sub: 'x', gone: undefined },
    now,
  );
  expect(rows.map(({ name, value }) => `${name}=${value}`)).toEqual([
    'sub=x',
    'amr=pwd, otp',
    'groups=none',
    'deep={"a":1}',
    'ok=true',
  ]);
});

test('names that JavaScript knows are claims like others', () => {
  expect(claimRows({ constructor: 'x', toString: 'y' }, now)).toEqual([
    { name: 'constructor', value: 'x' },
    { name: 'toString', value: 'y' },
  ]);
});

test('a JWT is decoded, anything else is none', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  expect(decodeJwt(`${part({ alg: 'ES256' })}.${part({ sub: 'ü' })}.sig`)).toEqual({
    header: { alg: 'ES256' },
    claims: { sub: 'ü' },
  });
  for (const other of ['', 'opaque', 'a.b.c', `${part(1)}.${part({})}.s`, `${part({})}.${part({})}`]) {
    expect(decodeJwt(other)).toBeUndefined();
  }
});

test('a shortened value is of no use', () => {
  expect(shortened('abcdefghijklmnopqrstuvwxyz')).toBe('abcdef … wxyz');
  expect(shortened('short')).toBe('…');
});

test('values in markup stay text, in attributes as well', () => {
  const evil = `"><script>alert('1')</script>&`;
  const { markup } = html`<a title="${evil}">${[html`<b>${1}</b>`, undefined, evil]}</a>`;
  expect(markup).not.toContain('<script');
  expect(markup.match(/"/g)).toHaveLength(2);
  expect(markup).toContain('<b>1</b>');
});
