/** A secret that a newer one has taken the place of, and that works beside it until it is revoked. */
export type RotatedSecret = {
  readonly secretHash: string | null;
  readonly secretSealed: string | null;
  readonly revokeAtMs: number | null;
};

/** The same as administrators see it: never the secret. */
export type RotatedSecretNote = { readonly rotatedAt: string; readonly revokeAt: string | null };

/** More would be guessed side by side, and who rotates twice has had time (contract 3.5). */
export const MAX_ROTATED_SECRETS = 2;

/** The longest time after which rotated secrets may revoke themselves: a year. */
export const LONGEST_AUTO_REVOKE_SECONDS = 366 * 24 * 60 * 60;

/** Those that still work at `nowMs`. */
export const stillValid = (rotated: readonly RotatedSecret[], nowMs: number): RotatedSecret[] =>
  rotated.filter(({ revokeAtMs }) => revokeAtMs === null || revokeAtMs > nowMs);

/**
 * Whether a presented secret is the client's, or one that was rotated and still works. Always compares the same
 * number of times, so that the time it takes tells neither which one fits nor whether any was rotated.
 */
export function matchesAnySecret(
  presented: string,
  client: { readonly secretHash: string | undefined; readonly rotatedSecrets: readonly RotatedSecret[] },
  matches: (secret: string, hash: string) => boolean,
  nowMs: number,
): boolean {
  const { secretHash } = client;
  if (secretHash === undefined) return false;
  const rotated = stillValid(client.rotatedSecrets, nowMs).flatMap((one) => one.secretHash ?? []);
  const hashes = Array.from({ length: 1 + MAX_ROTATED_SECRETS }, (_, index) =>
    index === 0 ? secretHash : (rotated[index - 1] ?? secretHash),
  );
  return hashes.map((hash) => matches(presented, hash)).includes(true);
}
