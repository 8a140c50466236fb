import type { IncomingMessage } from 'node:http';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalAddress, createSourceAddressReader, sourceOf } from '../../src/security/source_address.ts';

describe('an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['::', '::'],
  ])('%s has the one spelling %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  test.each([
    '',
    'abc',
    '192.0.2',
    '192.0.2.256',
    '0x7f.1',
    '2130706433',
    'localhost',
    '1.2.3.4.5',
    ':::',
    '::1]',
    '192.0.2.1 ',
  ])('%j is none', (text) => {
    expect(canonicalAddress(text)).toBeUndefined();
  });

  test('of either family keeps its canonical spelling', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const once = canonicalAddress(text);
        expect(once).toBeDefined();
        expect(canonicalAddress(once!)).toBe(once);
      }),
    );
  });

  test('counts as a source by its /64 when it is IPv6, alone when it is IPv4', () => {
    expect(sourceOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(sourceOf('2001:db8:1:2::ffff')).toBe('2001:db8:1:2::/64');
    expect(sourceOf('2001:db8:1:3::ffff')).toBe('2001:db8:1:3::/64');
    expect(sourceOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(sourceOf('192.0.2.2')).toBe('192.0.2.2');
    expect(sourceOf('nowhere')).toBeUndefined();
  });
});

describe('where a request comes from', () => {
  function request(peer: string | undefined, forwardedFor?: string): IncomingMessage {
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    return { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  }
  const read = createSourceAddressReader(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

  test('is the peer, whatever it says, unless it is a trusted proxy', () => {
    const noProxies = createSourceAddressReader([]);
    expect(noProxies(request('198.51.100.1', '203.0.113.9'))).toBe('198.51.100.1');
    expect(noProxies(request('127.0.0.1', '203.0.113.9'))).toBe('127.0.0.1');
    expect(read(request('198.51.100.1', '203.0.113.9'))).toBe('198.51.100.1');
    expect(read(request('192.0.2.8', '203.0.113.9'))).toBe('192.0.2.8');
  });

  test('is the last hop that no trusted proxy vouches away', () => {
    expect(read(request('10.1.2.3', '203.0.113.9'))).toBe('203.0.113.9');
    expect(read(request('::ffff:10.1.2.3', '203.0.113.9'))).toBe('203.0.113.9');
    expect(read(request('10.1.2.3', 'evil, 1.1.1.1, 203.0.113.9, 10.9.9.9, 192.0.2.7'))).toBe('203.0.113.9');
    expect(read(request('fd00::1', '2001:DB8::9'))).toBe('2001:db8::9');
    expect(read(request('10.1.2.3', '203.0.113.9:4711'))).toBe('203.0.113.9');
    expect(read(request('10.1.2.3', '[2001:db8::9]:4711'))).toBe('2001:db8::9');
  });

  test('is the proxy itself when it sends nothing usable', () => {
    for (const garbage of [
      '',
      'abc',
      'unknown',
      'localhost',
      '203.0.113.9, abc',
      '203.0.113.9,',
      'x'.repeat(5000),
      ','.repeat(5000),
    ]) {
      expect(read(request('10.1.2.3', garbage))).toBe('10.1.2.3');
    }
  });

  test('cannot be hidden by filling the header from the left', () => {
    expect(read(request('10.1.2.3', `${'1.1.1.1,'.repeat(1500)}203.0.113.9`))).toBe('203.0.113.9');
  });

  test('is a trusted machine when all hops are trusted', () => {
    expect(read(request('10.1.2.3', '10.4.4.4, 10.5.5.5'))).toBe('10.4.4.4');
  });
});
