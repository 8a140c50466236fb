import { expect, test } from 'vitest';
import { HashQueueFull } from '../../src/credentials/hash_queue.ts';
import { ratePassword } from '../../src/credentials/password_strength.ts';
import { wordsAround } from '../../src/credentials/password_words.ts';

const score = async (password: string, words: readonly string[] = []) =>
  (await ratePassword(password, words))?.score;

test('a password is rated by how it would be guessed, not by its kinds of characters', async () => {
  expect(await score('P@ssw0rd1!')).toBeLessThan(2);
  expect(await score('correct horse battery staple')).toBe(4);
  expect((await ratePassword('QWERTY123', []))?.common).toBe(true);
});

test('what is known of the person makes it weaker', async () => {
  const words = wordsAround(['acme'], {
    identifiers: ['gwendolyn.quux@example.test'],
    payload: { name: 'Gwendolyn Quux', home: { town: 'Llanfairfechan' } },
  });
  for (const password of ['quuxgwendolyn', 'Llanfairfechan7']) {
    expect(await score(password, words)).toBeLessThan((await score(password)) ?? 0);
  }
});

test('ratings are made beside everything else, and only so many may wait', async () => {
  const hostile = '4@$5!1'.repeat(6);
  let turns = 0;
  let busy = true;
  const count = () => {
    turns += 1;
    if (busy) setImmediate(count);
  };
  setImmediate(count);
  const one = await Promise.allSettled(
    Array.from({ length: 14 }, () => ratePassword(hostile, [], '192.0.2.1')),
  );
  busy = false;
  expect(turns).toBeGreaterThan(100);
  const refused = one.filter((result) => result.status === 'rejected');
  expect(refused).toHaveLength(4);
  expect(refused.every(({ reason }) => reason instanceof HashQueueFull)).toBe(true);
  const many = await Promise.allSettled(
    Array.from({ length: 55 }, (_, i) => ratePassword('x', [], `192.0.2.${i}`)),
  );
  expect(many.filter((result) => result.status === 'rejected')).toHaveLength(5);
});
