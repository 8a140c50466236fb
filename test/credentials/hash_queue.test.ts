import { describe, expect, test } from 'vitest';
import { checkPassword } from '../../src/credentials/check_password.ts';
import { createHashQueue, HashQueueFull } from '../../src/credentials/hash_queue.ts';
import { hashPassword, isExpensive, isKnownHash } from '../../src/credentials/hashers/index.ts';
import { hash } from 'argon2';

/** Work that ends when the test says so. */
function pending() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the hash queue', () => {
  test('runs no more checks at once than there are cores for this process', async () => {
    const queue = createHashQueue({ cores: 8, webConcurrency: 3 });
    const running: number[] = [];
    const work = async () => {
      running.push(queue.counters().running);
      await settle();
    };
    await Promise.all(Array.from({ length: 30 }, () => queue.run(work)));
    expect(Math.max(...running)).toBe(2);
    expect(queue.counters()).toEqual({
      running: 0,
      waiting: 0,
      waitingLow: 0,
      expensive: 0,
      refused: 0,
      total: 30,
    });
  });

  test('has one permit when there are more processes than cores', async () => {
    const queue = createHashQueue({ cores: 2, webConcurrency: 8 });
    const [first, second] = [pending(), pending()];
    const both = [queue.run(first.work), queue.run(second.work)];
    await settle();
    expect(queue.counters()).toMatchObject({ running: 1, waiting: 1 });
    first.end();
    second.end();
    await Promise.all(both);
  });

  test('serves in the order of arrival', async () => {
    const queue = createHashQueue({ cores: 1 });
    const order: number[] = [];
    const note = (i: number) => async () => {
      await settle();
      order.push(i);
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => queue.run(note(i))));
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('does expensive checks one at a time, in the other cores’ company', async () => {
    const queue = createHashQueue({ cores: 2 });
    const slow = Array.from({ length: 5 }, pending);
    const expensive = slow.map(({ work }) => queue.runExpensive(work));
    await expect(queue.runExpensive(async () => {})).rejects.toBeInstanceOf(HashQueueFull);
    await settle();
    expect(queue.counters()).toMatchObject({ running: 1, waiting: 0, expensive: 5, refused: 1 });
    // Everybody else is served beside them, however many they are.
    for (let i = 0; i < 30; i += 1) await queue.run(settle);
    expect(queue.counters()).toMatchObject({ running: 1, waiting: 0, expensive: 5 });
    for (const { end } of slow) end();
    await Promise.all(expensive);
    expect(queue.counters()).toMatchObject({ running: 0, expensive: 0, total: 35 });
  });

  test('takes a hash for expensive by what it says of itself', async () => {
    const [salt, digest] = ['c29tZXNhbHQ', 'CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'];
    const argon2 = (m: number, t: number) => `$argon2id$v=19$m=${m},t=${t},p=1$${salt}$${digest}`;
    const bcrypt = (cost: number) => `$2b$${cost}$......................LAtw7/ohmmBAhnXqmkuIz83Rl5Qdjhm`;
    const pbkdf2 = (i: number) => `$pbkdf2-sha256$i=${i},l=32$${salt}$${digest}`;
    const scrypt = (p: number) => `$scrypt$ln=17,r=8,p=${p}$${salt}$${digest}`;
    const dear = [argon2(262_144, 3), bcrypt(14), pbkdf2(1_500_000), scrypt(2)];
    const usual = [argon2(19_456, 2), argon2(65_536, 4), bcrypt(13), pbkdf2(600_000), scrypt(1)];
    expect([...dear, ...usual].map(isKnownHash)).not.toContain(false);
    expect(dear.map(isExpensive)).toEqual(dear.map(() => true));
    expect(usual.map(isExpensive)).toEqual(usual.map(() => false));

    const queue = createHashQueue({ cores: 1 });
    const checked = checkPassword(queue, 'wrong', argon2(262_144, 3));
    expect(queue.counters().expensive).toBe(1);
    expect(await checked).toEqual({ matches: false, rehash: false });
  });

  test('turns callers away at fifty waiting, with a time to come back', async () => {
    const queue = createHashQueue({ cores: 2 });
    const blocker = pending();
    const calls = Array.from({ length: 60 }, () => queue.run(blocker.work));
    const outcomes = Promise.allSettled(calls);
    await settle();
    expect(queue.counters()).toMatchObject({ running: 2, waiting: 50, refused: 8 });
    blocker.end();
    const refusals = (await outcomes).filter((outcome) => outcome.status === 'rejected');
    expect(refusals).toHaveLength(8);
    for (const { reason } of refusals) {
      expect(reason).toBeInstanceOf(HashQueueFull);
      expect((reason as HashQueueFull).retryAfterSeconds).toBeGreaterThanOrEqual(1);
    }
  });

  test('turns callers away earlier when checks have become slow', async () => {
    const queue = createHashQueue({ cores: 1 });
    await queue.run(() => new Promise((resolve) => setTimeout(resolve, 1500)));
    const blocker = pending();
    const outcomes = Promise.allSettled(Array.from({ length: 40 }, () => queue.run(blocker.work)));
    await settle();
    expect(queue.counters().waiting).toBeLessThan(20);
    expect(queue.counters().refused).toBeGreaterThan(20);
    blocker.end();
    await outcomes;
  });

  test('accepts the first check on a slow machine as long as a core is free', async () => {
    const queue = createHashQueue({ cores: 1 });
    for (let i = 0; i < 3; i++) await queue.run(() => new Promise((resolve) => setTimeout(resolve, 400)));
    await expect(queue.run(async () => 'done')).resolves.toBe('done');
  });

  test('keeps the permit until the work ends, although the caller has gone away', async () => {
    const queue = createHashQueue({ cores: 1 });
    const blocker = pending();
    const abandoned = queue.run(blocker.work);
    await Promise.race([abandoned, settle()]);
    let started = false;
    const next = queue.run(async () => void (started = true));
    await settle();
    expect(started).toBe(false);
    blocker.end();
    await Promise.all([abandoned, next]);
    expect(started).toBe(true);
  });

  test('gives the permit back when the work fails', async () => {
    const queue = createHashQueue({ cores: 1 });
    await expect(queue.run(() => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory');
    await expect(queue.run(async () => 'next')).resolves.toBe('next');
  });

  test('does low-priority work only when nobody else waits, and bounds it too', async () => {
    const queue = createHashQueue({ cores: 1 });
    const blocker = pending();
    const order: string[] = [];
    const calls = [queue.run(blocker.work), queue.runLow(async () => void order.push('low'))];
    calls.push(
      queue.run(async () => void order.push('first')),
      queue.run(async () => void order.push('second')),
    );
    await settle();
    blocker.end();
    await Promise.all(calls);
    expect(order).toEqual(['first', 'second', 'low']);

    const second = pending();
    const outcomes = Promise.allSettled(Array.from({ length: 60 }, () => queue.runLow(second.work)));
    second.end();
    expect((await outcomes).filter((outcome) => outcome.status === 'rejected').length).toBe(9);
  });
});

describe('checking a password', () => {
  test('costs exactly one check whatever was typed and whoever was named', async () => {
    const stored = await hashPassword('right');
    const cases: [string, string | undefined, boolean][] = [
      ['right', stored, true],
      ['wrong', stored, false],
      ['', stored, false],
      ['x'.repeat(257), stored, false],
      ['a\0b', stored, false],
      ['right', undefined, false],
      ['', undefined, false],
      ['x'.repeat(257), undefined, false],
      ['right', '$argon2id$garbage', false],
      ['right', 'unknown format', false],
    ];
    for (const [typed, hashed, matches] of cases) {
      const queue = createHashQueue();
      expect(await checkPassword(queue, typed, hashed)).toEqual({ matches, rehash: false });
      expect(queue.counters().total).toBe(1);
    }
  });

  test('accepts another composition of the same accents', async () => {
    const queue = createHashQueue();
    const stored = await hashPassword('caf\u00e9-latte');
    expect(await checkPassword(queue, 'cafe\u0301-latte', stored)).toMatchObject({ matches: true });
  });

  test('asks for a new hash only when a password with old parameters was right', async () => {
    const queue = createHashQueue();
    const stored = await hash('right', { memoryCost: 8192, timeCost: 2, parallelism: 1 });
    expect(await checkPassword(queue, 'right', stored)).toEqual({ matches: true, rehash: true });
    expect(await checkPassword(queue, 'wrong', stored)).toEqual({ matches: false, rehash: false });
  });
});
