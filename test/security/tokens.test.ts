import { expect, test } from 'vitest';
import { constantTimeEqual, randomToken, sha256 } from '../../src/security/tokens.ts';

test('tokens are 256 bits unless told, URL-safe, and never repeat', () => {
  const tokens = Array.from({ length: 1000 }, () => randomToken());
  for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set(tokens).size).toBe(1000);
  expect(randomToken(16)).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

test('sha256 is the digest of the UTF-8 form', () => {
  expect(sha256('abc').toString('hex')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('texts compare as equal only when they are', () => {
  expect(constantTimeEqual('secret', 'secret')).toBe(true);
  expect(constantTimeEqual('secret', 'Secret')).toBe(false);
  expect(constantTimeEqual('secret', 'secret ')).toBe(false);
  expect(constantTimeEqual('', 'secret')).toBe(false);
});
