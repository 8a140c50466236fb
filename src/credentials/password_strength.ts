import { Worker } from 'node:worker_threads';
import { HashQueueFull } from './hash_queue.ts';

export type RatingRequest = { readonly password: string; readonly words: readonly string[] };

export type RatingReply = {
  /** zxcvbn's, 0 (guessed at once) to 4. */
  readonly score: number;
  /** Among the passwords that everybody uses. */
  readonly common: boolean;
};

// Ratings grow much faster than the text: what is beyond this makes no password weaker.
const MAX_RATED_CHARS = 100;
const MAX_WORDS = 60;
const MAX_WORD_CHARS = 100;

// Ten times what the worst text of 100 characters was seen to take.
const TIME_LIMIT_MS = 10_000;
// One rating may take half a second: a line of its own, so that nobody's sign-in waits behind it, and a short one.
const MAX_WAITING = 50;
const MAX_WAITING_PER_SOURCE = 10;
const RETRY_AFTER_SECONDS = 2;
// The word lists take 100 MB: they are given back when nobody has set a password for a while.
const IDLE_MS = 60_000;

let worker: Worker | undefined;
let idle: NodeJS.Timeout | undefined;
let line: Promise<unknown> = Promise.resolve();
const waiting: (string | undefined)[] = [];

/**
 * How easy a password is to guess for somebody who knows the words around it. Works in a thread of its own, one
 * rating after the other.
 * @param words what a guesser would try first: names, identifiers, the person's own data.
 * @param source the address of the request: one alone may not fill the line.
 * @returns undefined when the rating took too long.
 * @throws {HashQueueFull} when too many wait already.
 */
export async function ratePassword(
  password: string,
  words: readonly string[],
  source?: string,
): Promise<RatingReply | undefined> {
  const fromThere = source === undefined ? 0 : waiting.filter((other) => other === source).length;
  if (waiting.length >= MAX_WAITING || fromThere >= MAX_WAITING_PER_SOURCE) {
    throw new HashQueueFull(RETRY_AFTER_SECONDS);
  }
  const request = {
    password: password.slice(0, MAX_RATED_CHARS),
    words: words.slice(0, MAX_WORDS).map((word) => word.slice(0, MAX_WORD_CHARS)),
  };
  waiting.push(source);
  const turn = line.then(() => rate(request));
  line = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    waiting.splice(waiting.indexOf(source), 1);
  }
}

async function rate(request: RatingRequest): Promise<RatingReply | undefined> {
  clearTimeout(idle);
  worker ??= start();
  const asked = worker;
  const answer = await new Promise<RatingReply | Error | undefined>((resolve) => {
    const limit = setTimeout(() => resolve(undefined), TIME_LIMIT_MS);
    // One by one: removing all listeners would remove Node's own, and no answer would arrive again.
    const settle = (result: RatingReply | Error) => {
      clearTimeout(limit);
      asked.off('message', settle);
      asked.off('error', settle);
      asked.off('exit', ended);
      resolve(result);
    };
    const ended = () => settle(new Error('The thread that rates passwords has ended'));
    asked.on('message', settle);
    asked.on('error', settle);
    asked.on('exit', ended);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    asked.postMessage(request);
  });
  if (answer === undefined || answer instanceof Error) end(asked);
  else idle = setTimeout(() => end(asked), IDLE_MS).unref();
  if (answer instanceof Error) throw answer;
  return answer;
}

function start(): Worker {
  const started = new Worker(new URL('./password_strength_worker.ts', import.meta.url));
  // It holds nothing that would be lost, so it keeps no process alive.
  started.unref();
  // One that fails while nobody waits for it is replaced by the next rating.
  started.on('error', () => undefined);
  started.once('exit', () => {
    if (worker === started) worker = undefined;
  });
  return started;
}

function end(old: Worker): void {
  if (worker === old) worker = undefined;
  void old.terminate();
}
