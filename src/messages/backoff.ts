/** First wait after a failed attempt; doubles with each further one. */
const FIRST_SECONDS = 5;
const LONGEST_SECONDS = 60 * 60;

/** A message without an end of its own is given up after this: two days cover a weekend's broken mail server. */
export const GIVE_UP_SECONDS = 48 * 60 * 60;

/**
 * Seconds until the next attempt after `attempts` failed ones: 5 s doubling to an hour, each spread by half of
 * itself, so that what failed together does not come back together.
 * @param random from 0 up to 1.
 */
export function backoffSeconds(attempts: number, random: number = Math.random()): number {
  const full = Math.min(FIRST_SECONDS * 2 ** Math.min(attempts - 1, 20), LONGEST_SECONDS);
  return full * (0.75 + random / 2);
}
