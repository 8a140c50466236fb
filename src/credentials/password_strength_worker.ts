import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import type { RatingRequest, RatingReply } from './password_strength.ts';

// A thread of its own: one rating may take half a second, and the word lists take 100 MB while they are needed.
const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  // Ten of them are enough to see through a word; each more doubles what a hostile text costs.
  l33tMaxSubstitutions: 10,
});
const commonPasswords: ReadonlySet<string> = new Set(common['passwords-common']);

parentPort?.on('message', ({ password, words }: RatingRequest) => {
  const reply: RatingReply = {
    score: zxcvbn.check(password, [...words]).score,
    common: commonPasswords.has(password.toLowerCase()),
  };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(reply);
});
